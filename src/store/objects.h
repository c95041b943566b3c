/* SPDX-License-Identifier: Apache-2.0 */
/* objects - which objects are needed, and removing the others; only for this folder
 *
 * Who needs an object is never counted, it is read from the indexes of all layers: 48 bytes for
 * each object of each layer. Nothing is removed while an index cannot be read, since what it needs
 * is not known then.
 */
#pragma once

#include "store/collect.h"

/* Under the lock, without a pin (pins.h), after layers that nothing needs are gone. */
int objects_collect(struct collector *k, struct err *e);
