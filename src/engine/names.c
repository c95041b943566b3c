/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/names.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static const char *const moods[] = {
	"agile",   "amber",  "brave",  "bright", "brisk",  "calm",   "candid", "clever", "cosy",
	"crisp",   "daring", "eager",  "early",  "fair",   "fleet",  "fond",   "frank",  "gentle",
	"glad",    "golden", "happy",  "hardy",  "honest", "humble", "jolly",  "keen",   "kind",
	"lively",  "loyal",  "lucid",  "mellow", "merry",  "mild",   "modest", "nimble", "noble",
	"patient", "placid", "polite", "proud",  "quick",  "quiet",  "rapid",  "ready",  "serene",
	"sharp",   "silent", "smart",  "snug",   "solid",  "spry",   "steady", "sunny",  "swift",
	"tender",  "tidy",   "vivid",  "warm",   "wise",   "witty",  "young",  "zesty",
};
static const char *const birds[] = {
	"avocet", "bittern", "bunting", "buzzard", "chough",  "condor", "coot",    "crane",
	"crow",   "cuckoo",  "curlew",  "dipper",  "dove",    "dunlin", "eagle",   "egret",
	"eider",  "falcon",  "finch",   "gannet",  "goose",   "grebe",  "gull",    "harrier",
	"heron",  "hobby",   "hoopoe",  "ibis",    "jackdaw", "jay",    "kestrel", "kite",
	"knot",   "lapwing", "lark",    "linnet",  "magpie",  "martin", "merlin",  "nuthatch",
	"oriole", "osprey",  "ouzel",   "owl",     "petrel",  "pipit",  "plover",  "puffin",
	"quail",  "raven",   "redwing", "robin",   "rook",    "ruff",   "siskin",  "skua",
	"snipe",  "stork",   "swallow", "swan",    "swift",   "tern",   "thrush",  "wren",
};

int name_make_up(char ret[MADE_UP_NAME_SIZE], struct err *e)
{
	uint32_t x[3];

	if (getrandom(x, sizeof(x), 0) != sizeof(x))
		return err_sys(e, "cannot get random bytes");
	/* The number keeps a thousand containers apart without a second try. */
	(void)snprintf(ret, MADE_UP_NAME_SIZE, "%s-%s-%06x", moods[x[0] % ARRAY_SIZE(moods)],
	               birds[x[1] % ARRAY_SIZE(birds)], x[2] & 0xffffff);
	return 0;
}

static int is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("_.-", c));
}

int name_check(const char *name, struct err *e)
{
	size_t n = 0;

	while (is_name_char(name[n]))
		n++;
	if (n >= 2 && n <= 128 && !name[n] && !strchr("_.-", name[0]))
		return 0;
	return err_set(e, UCT_BAD_NAME, -EINVAL, "'%s' is not a valid container name", name);
}
