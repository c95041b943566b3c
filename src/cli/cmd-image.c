/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct image tree, image exists */
#include "cli/cli.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "cli/human.h"
#include "cli/image-tree.h"

#include <stdio.h>
#include <string.h>

enum { TREE_MAX_BYTES = 64 << 20, DEPTH_MAX = 2048 };

static const char *text(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

static uint64_t number(const json_t *j, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(j, key));
}

static void add_names(struct sbuf *b, const json_t *image)
{
	const json_t *names = json_object_get(image, "Names"), *name;
	char id[72];
	size_t i;

	sbuf_adds(b, human_id(text(image, "Id"), true, id));
	json_array_foreach(names, i, name)
		sbuf_addf(b, "%s%s", i ? ", " : " ", json_string_value(name));
}

/* A layer whose turn it is, and the line's beginning for what lies on it. */
struct node {
	const json_t *layer;
	size_t depth;
	bool is_last;
};

/* The layers that lie on @chain, lowest come first in the list, so the stack turns them round. */
static size_t push_children(const json_t *layers, const char *chain, size_t depth,
                            struct node *stack, size_t n)
{
	const json_t *layer;
	bool is_last = true;

	for (size_t i = json_array_size(layers); i > 0; i--) {
		layer = json_array_get(layers, i - 1);
		if (strcmp(text(layer, "Parent"), chain) != 0)
			continue;
		stack[n++] = (struct node){ layer, depth, is_last };
		is_last = false;
	}
	/* The first one taken is the first in the list, and the last one pushed. */
	return n;
}

static void add_layer(struct sbuf *b, const struct node *x, const bool *open)
{
	const json_t *images = json_object_get(x->layer, "Images"), *image;
	uint64_t users = number(x->layer, "Users");
	char size[HUMAN_SIZE], id[72];
	size_t i;

	for (size_t d = 1; d < x->depth; d++)
		sbuf_adds(b, open[d] ? "│   " : "    ");
	if (x->depth)
		sbuf_adds(b, x->is_last ? "└── " : "├── ");
	human_bytes(number(x->layer, "Size"), size);
	sbuf_addf(b, "%s %s", human_id(text(x->layer, "Chain"), true, id), size);
	if (users > 1)
		sbuf_addf(b, " (%llu images)", (unsigned long long)users);
	json_array_foreach(images, i, image)
	{
		sbuf_adds(b, i ? "; " : "  ");
		add_names(b, image);
	}
	sbuf_addc(b, '\n');
}

static int print_forest(struct cli *c, const json_t *layers)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TREE_MAX_BYTES);
	_cleanup_free_ struct node *stack = calloc(json_array_size(layers) + 1, sizeof(*stack));
	_cleanup_free_ bool *open = calloc(DEPTH_MAX + 1, sizeof(*open));
	size_t n;

	if (!stack || !open)
		return cli_fail_memory(c);
	n = push_children(layers, "", 0, stack, 0);
	while (n > 0) {
		struct node x = stack[--n];

		open[x.depth] = !x.is_last;
		add_layer(&b, &x, open);
		if (x.depth < DEPTH_MAX)
			n = push_children(layers, text(x.layer, "Chain"), x.depth + 1, stack, n);
	}
	return cli_print(c, &b);
}

static const json_t *find_layer(const json_t *layers, const char *chain)
{
	const json_t *layer;
	size_t i;

	json_array_foreach(layers, i, layer) if (!strcmp(text(layer, "Chain"), chain)) return layer;
	return NULL;
}

/* The layers of one image alone, lowest first: as podman's image tree shows them. */
static int print_image(struct cli *c, const json_t *image, const json_t *layers)
{
	const json_t *chain = json_object_get(json_object_get(image, "Storage"), "Chain");
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TREE_MAX_BYTES);
	_cleanup_json_ json_t *own = json_array();
	const json_t *name, *layer;
	char id[72], size[HUMAN_SIZE];
	size_t i;

	if (!own)
		return cli_fail_memory(c);
	human_bytes(number(image, "Size"), size);
	sbuf_addf(&b, "Image ID: %s\nTags:     [", human_id(text(image, "Id"), true, id));
	json_array_foreach(json_object_get(image, "RepoTags"), i, name)
		sbuf_addf(&b, "%s%s", i ? " " : "", json_string_value(name));
	sbuf_addf(&b, "]\nSize:     %s\nImage Layers\n", size);
	if (cli_print(c, &b) != 0)
		return cli_fail_memory(c);
	json_array_foreach(chain, i, name)
	{
		layer = find_layer(layers, json_string_value(name));
		if (layer)
			(void)json_array_append(own, (json_t *)(uintptr_t)layer);
	}
	return print_forest(c, own);
}

int image_tree_print(struct cli *c, const char *ref)
{
	_cleanup_free_ char *json = NULL, *one = NULL;
	_cleanup_json_ json_t *layers = NULL, *image = NULL;
	struct usrct_err e = { 0 };
	int status;

	if (ref && usrct_image_inspect(c->u, ref, &one, &e) < 0)
		return cli_fail(c, &e);
	if (usrct_image_layers(c->u, &json, &e) < 0)
		return cli_fail(c, &e);
	status = cli_read_answer(c, json, &layers);
	if (status == 0 && one)
		status = cli_read_answer(c, one, &image);
	if (status)
		return status;
	return image ? print_image(c, image, layers) : print_forest(c, layers);
}

static int tree(struct cli *c, const struct args *a)
{
	return image_tree_print(c, a->n_words ? a->words[0] : NULL);
}

const struct command cmd_image_tree = {
	.name = "image tree",
	.aliases = (const char *const[]){ "images tree", NULL },
	.group = GROUP_IMAGES,
	.summary = "Show which layers images share, with sizes",
	.description =
		"Without IMAGE all layers there are: each stands on the one above it in the list, "
		"with its size on this disk, how many images have it, and the images that end with "
		"it. With IMAGE only that one's.",
	.args = (const struct positional[]){ { "IMAGE", COMPLETE_IMAGE, true, false }, { NULL } },
	.foreign = (const struct foreign_option[]){ { "whatrequires", 0,
	                                              "without IMAGE the tree shows all that stand "
	                                              "upon it",
	                                              "leave IMAGE out" },
	                                            { NULL, 0, NULL, NULL } },
	.examples = (const struct example[]){ { "What of an image is its own",
	                                        "usr-ct image tree site" },
	                                      { NULL, NULL } },
	.handler = tree,
	.uses_store = true,
};

static int exists(struct cli *c, const struct args *a)
{
	_cleanup_free_ char *json = NULL;
	struct usrct_err e = { 0 };
	int r = usrct_image_inspect(c->u, a->words[0], &json, &e);

	return cli_say_exists(c, r, &e);
}

const struct command cmd_image_exists = {
	.name = "image exists",
	.group = GROUP_IMAGES,
	.summary = "Say by the exit status whether an image is here",
	.exit_text = "0 it is here, 1 it is not, 125 it cannot be told",
	.args = (const struct positional[]){ { "IMAGE", COMPLETE_IMAGE, false, false }, { NULL } },
	.examples = (const struct example[]){ { "Only what is missing",
	                                        "usr-ct image exists site || usr-ct pull site" },
	                                      { NULL, NULL } },
	.handler = exists,
	.failure = EXIT_OUR_FAULT,
	.uses_store = true,
};
