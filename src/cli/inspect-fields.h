/* SPDX-License-Identifier: Apache-2.0 */
/* inspect-fields - fields that Docker and podman leave out of their JSON, but not out of templates
 *
 * Their templates run over Go's structs, where an empty field is one: {{if .State.Health}} is the
 * way to ask whether there is a health check. So what may be missing is added before a template
 * sees the object; the JSON that is printed stays without it, as theirs does.
 */
#pragma once

#include <jansson.h>

/* @object: as inspect prints it; what is no container stays as it is. */
void inspect_fields_add(json_t *object);
