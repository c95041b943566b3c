/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/json.h"
#include "engine/engine.h"

/* .State.Health of inspect; NULL without a health check. */
json_t *health_inspect(const struct target *t);
