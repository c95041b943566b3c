/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/etc.h"

#include "base/sbuf.h"
#include "network/etc-files.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool is_address(const char *s)
{
	struct in6_addr a;
	char buf[INET6_ADDRSTRLEN];

	if (inet_pton(AF_INET, s, &a) == 1)
		return true;
	if (snprintf(buf, sizeof(buf), "%.*s", (int)strcspn(s, "%"), s) >= (int)sizeof(buf))
		return false; /* fe80::1%eth0 */
	return inet_pton(AF_INET6, buf, &a) == 1;
}

static bool is_host_name(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n < 256 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == n;
}

bool etc_keeps_resolv_conf(const struct usrct_create_options *o)
{
	return o->dns && o->dns[0] && !o->dns[1] && !strcmp(o->dns[0], "none");
}

static int bad_host(const char *text, const char *why, struct err *e)
{
	return err_hint(e, err_set(e, UCT_BAD_VALUE, -EINVAL, "--add-host '%s': %s", text, why),
	                "write it as NAME:ADDRESS; the address may be " ETC_HOST_GATEWAY);
}

static int check_gateway(enum network_kind network, const char *text, struct err *e)
{
	if (network == NETWORK_NONE)
		return err_set(e, UCT_NO_HOST_ADDRESS, -ENETUNREACH,
		               "--add-host '%s': the container has no network", text);
	if (network == NETWORK_PASTA)
		return err_hint(e,
		                err_set(e, UCT_NO_HOST_ADDRESS, -ENETUNREACH,
		                        "--add-host '%s': with pasta the host's address is the "
		                        "container's own",
		                        text),
		                "use --network private:slirp4netns");
	return 0;
}

/* "NAME[;NAME...]:ADDRESS" or with '=' -> "ADDRESS NAME NAME" */
static int add_host(const char *text, enum network_kind network, json_t *list, struct err *e)
{
	_cleanup_free_ char *copy = strdup(text);
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(4096);
	char *address, *name;
	size_t n;
	int r;

	if (!copy)
		return err_oom(e);
	n = strcspn(copy, "=:");
	if (!copy[n])
		return bad_host(text, "it has no ':ADDRESS'", e);
	copy[n] = '\0';
	address = copy + n + 1;
	n = strlen(address);
	if (n > 2 && address[0] == '[' && address[n - 1] == ']') {
		address[n - 1] = '\0';
		address++;
	}
	if (!strcmp(address, ETC_HOST_GATEWAY)) {
		r = check_gateway(network, text, e);
		if (r < 0)
			return r;
	} else if (!is_address(address)) {
		return bad_host(text, "that is not an IP address", e);
	}
	sbuf_addf(&b, "%s\t", address);
	for (char *at = copy; at;) {
		name = at;
		at = strchr(at, ';');
		if (at)
			*at++ = '\0';
		if (!is_host_name(name))
			return bad_host(text, "that is not a host name", e);
		sbuf_addf(&b, "%s%s", name, at ? " " : "");
	}
	return b.err || json_array_append_new(list, json_string(b.s)) < 0 ? err_oom(e) : 0;
}

/* Words for resolv.conf(5): anything but what would begin another word or line. */
static int add_words(const char *flag, const char *const *words, json_t *list, struct err *e)
{
	for (; words && *words; words++) {
		if (!**words || strpbrk(*words, " \t\r\n"))
			return err_set(e, UCT_BAD_VALUE, -EINVAL, "%s '%s' is not one word", flag,
			               *words);
		if (json_array_append_new(list, json_string(*words)) < 0)
			return err_oom(e);
	}
	return 0;
}

static int add_servers(const struct usrct_create_options *o, json_t *list, struct err *e)
{
	for (const char *const *v = o->dns; v && *v; v++) {
		if (!strcmp(*v, "none"))
			return err_set(e, UCT_FLAGS_CONFLICT, -EINVAL,
			               "--dns none stands alone: it keeps the image's resolv.conf");
		if (!is_address(*v))
			return err_set(e, UCT_BAD_VALUE, -EINVAL, "--dns '%s' is not an IP address",
			               *v);
	}
	return add_words("--dns", o->dns, list, e);
}

int etc_describe(const struct usrct_create_options *o, enum network_kind network, json_t **ret,
                 struct err *e)
{
	_cleanup_json_ json_t *hosts = json_array(), *dns = json_array(), *search = json_array();
	_cleanup_json_ json_t *options = json_array();
	bool keeps = etc_keeps_resolv_conf(o);
	const char *const *v;
	int r = 0;

	if (o->no_hosts && o->add_hosts && o->add_hosts[0])
		return err_set(e, UCT_FLAGS_CONFLICT, -EINVAL,
		               "--add-host has no effect with --no-hosts");
	if (keeps && ((o->dns_search && o->dns_search[0]) || (o->dns_options && o->dns_options[0])))
		return err_set(e, UCT_FLAGS_CONFLICT, -EINVAL,
		               "--dns-search and --dns-option have no effect with --dns none");
	for (v = o->add_hosts; v && *v && r == 0; v++)
		r = add_host(*v, network, hosts, e);
	if (r == 0 && !keeps)
		r = add_servers(o, dns, e);
	if (r == 0)
		r = add_words("--dns-search", o->dns_search, search, e);
	if (r == 0)
		r = add_words("--dns-option", o->dns_options, options, e);
	if (r < 0)
		return r;
	*ret = json_pack("{s:O, s:O, s:O, s:O}", "hosts", hosts, "dns", dns, "search", search,
	                 "options", options);
	return *ret ? 0 : err_oom(e);
}
