/* SPDX-License-Identifier: Apache-2.0 */
/* image-list - which images fit filters; for `images` and `image prune` */
#pragma once

#include "engine/engine.h"
#include "engine/filter.h"

struct image_row;

/* @opts may be NULL. filters_done() in any case. */
int image_filters_prepare(struct usrct *u, const struct usrct_image_list_options *opts,
                          struct filters *ret, struct err *e);
/* 1, 0 or negative. With reference= only the names that fit stay in @row. */
int image_filters_fit(struct usrct *u, const struct filters *f, struct image_row *row,
                      struct err *e);
