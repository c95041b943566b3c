/* SPDX-License-Identifier: Apache-2.0 */
/* What the words of -v, --mount and --tmpfs come to in the OCI document. */
#include "testing.h"

#include "engine/mount-add.h"
#include "engine/mount-place.h"

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* The only element of a list of mounts as "TYPE SOURCE TARGET OPTION,OPTION". */
static void show_mount(const json_t *list, char *buf, size_t size)
{
	const json_t *m = json_array_get(list, 0), *o;
	size_t i, n;

	n = (size_t)snprintf(buf, size, "%s %s %s ", json_string_value(json_object_get(m, "type")),
	                     json_string_value(json_object_get(m, "source")),
	                     json_string_value(json_object_get(m, "destination")));
	json_array_foreach(json_object_get(m, "options"), i, o) n +=
		(size_t)snprintf(buf + n, size - n, "%s%s", i ? "," : "", json_string_value(o));
}

typedef int (*add_fn)(struct mount_plan *p, const char *spec, struct err *e);

static void mounts_are_understood(void **state)
{
	static const struct {
		add_fn add;
		const char *spec, *result;
	} table[] = {
		{ mount_add_volume, "/:/a", "bind / /a rbind,rprivate" },
		{ mount_add_volume, "/:/a/", "bind / /a rbind,rprivate" },
		{ mount_add_volume, "/://a/./b//", "bind / /a/b rbind,rprivate" },
		{ mount_add_volume, "/:/a:ro", "bind / /a ro,rbind,rprivate" },
		{ mount_add_volume, "/mnt:/a:z", "bind /mnt /a z,rbind,rprivate" },
		{ mount_add_volume, "/mnt:/a:rw,U,Z", "bind /mnt /a U,Z,rbind,rprivate" },
		{ mount_add_volume, "/:/a:rw,bind,rslave", "bind / /a bind,rslave" },
		{ mount_add_volume, "/:/a:,ro,", "bind / /a ro,rbind,rprivate" },
		{ mount_add_volume, "/:/a:exec,dev,suid",
		  "bind / /a exec,dev,suid,rbind,rprivate" },
		{ mount_add_volume, "/mnt:/a:O",
		  "overlay overlay /a lowerdir=/mnt,upperdir=/c/mounts/0/upper,"
		  "workdir=/c/mounts/0/work,mountpoint=/c/mounts/0/root" },
		{ mount_add_volume, "/mnt:/a:O,upperdir=/u,workdir=/w,ro",
		  "overlay overlay /a ro,lowerdir=/mnt,upperdir=/u,workdir=/w,"
		  "mountpoint=/c/mounts/0/root" },
		{ mount_add_tmpfs, "/t", "tmpfs tmpfs /t nosuid,nodev,noexec,mode=1777" },
		{ mount_add_tmpfs, "/t:exec,size=1m,mode=700",
		  "tmpfs tmpfs /t nosuid,nodev,size=1m,mode=700" },
		{ mount_add_tmpfs, "/t:ro,size=50%",
		  "tmpfs tmpfs /t nosuid,nodev,noexec,size=50%,ro,mode=1777" },
		{ mount_add_tmpfs, "/t:tmpcopyup,U",
		  "tmpfs tmpfs /t nosuid,nodev,noexec,U,mode=1777,tmpcopyup" },
		{ mount_add_mount, "type=bind,src=/,dst=/a", "bind / /a rbind,rprivate" },
		{ mount_add_mount, "dst=/a,source=/,readonly", "bind / /a ro,rbind,rprivate" },
		{ mount_add_mount, "type=bind,src=/,target=/a,ro=false,bind-nonrecursive",
		  "bind / /a bind,rprivate" },
		{ mount_add_mount, "type=bind,src=/,target=/a,ro,bind-recursive=writable",
		  "bind / /a ro-alone,rbind,rprivate" },
		{ mount_add_mount, "type=bind,src=/mnt,target=/a,relabel=shared,consistency=cached",
		  "bind /mnt /a z,rbind,rprivate" },
		{ mount_add_mount, "type=bind,src=/,\"dst=/a,\"\"b\"\"\",rw=false",
		  "bind / /a,\"b\" ro,rbind,rprivate" },
		{ mount_add_mount, "type=tmpfs,destination=/t,tmpfs-size=1k,tmpfs-mode=0700",
		  "tmpfs tmpfs /t nosuid,nodev,noexec,size=1024,mode=0700" },
		{ mount_add_mount, "type=tmpfs,dst=/t,notmpcopyup,chown",
		  "tmpfs tmpfs /t nosuid,nodev,noexec,U,mode=1777" },
		{ mount_add_mount, "type=ramfs,dst=/t",
		  "ramfs ramfs /t nosuid,nodev,noexec,mode=1777" },
		{ mount_add_mount, "type=devpts,dst=/p,gid=5,max=9",
		  "devpts devpts /p "
		  "gid=5,max=9,nosuid,noexec,newinstance,ptmxmode=0666,mode=0620" },
		{ mount_add_mount, "type=overlay,source=/mnt,target=/a,ro",
		  "overlay overlay /a ro,lowerdir=/mnt,upperdir=/c/mounts/0/upper,"
		  "workdir=/c/mounts/0/work,mountpoint=/c/mounts/0/root" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_mount_plan_ struct mount_plan p = { 0 };
		struct err e = { 0 };
		char got[512];

		assert_int_equal(mount_plan_init(&p, NULL, &e), 0);
		p.container_dir = "/c";
		if (table[i].add(&p, table[i].spec, &e) < 0)
			fail_msg("'%s': %s", table[i].spec, e.msg);
		show_mount(p.list, got, sizeof(got));
		assert_string_equal(got, table[i].result);
	}
}

static void mounts_are_refused(void **state)
{
	static const struct {
		add_fn add;
		const char *spec;
		int code;
	} table[] = {
		{ mount_add_volume, "", UCT_BAD_MOUNT },
		{ mount_add_volume, "/", UCT_BAD_MOUNT },
		{ mount_add_volume, ":", UCT_BAD_MOUNT },
		{ mount_add_volume, ":/a", UCT_BAD_MOUNT },
		{ mount_add_volume, "/:", UCT_BAD_MOUNT },
		{ mount_add_volume, "/:a", UCT_BAD_MOUNT },
		{ mount_add_volume, "/:/", UCT_BAD_MOUNT },
		{ mount_add_volume, "/:/a/..", UCT_BAD_MOUNT },
		{ mount_add_volume, "name", UCT_BAD_MOUNT },
		{ mount_add_volume, "na/me:/a", UCT_BAD_VOLUME_NAME },
		{ mount_add_volume, "-name:/a", UCT_BAD_VOLUME_NAME },
		{ mount_add_volume, "/no/such:/a", UCT_MOUNT_SOURCE },
		{ mount_add_volume, "/:/a:U", UCT_CHOWN_REFUSED },
		{ mount_add_volume, "/etc:/a:Z", UCT_RELABEL_REFUSED },
		{ mount_add_volume, "/usr/share:/a:z", UCT_RELABEL_REFUSED },
		{ mount_add_volume, "/mnt:/a:z,Z", UCT_BAD_MOUNT },
		{ mount_add_volume, "/:/a:ro:rw", UCT_BAD_MOUNT },
		{ mount_add_volume, "/:/a:rshared", UCT_VALUE_REFUSED },
		{ mount_add_volume, "/:/a:idmap=uids=0-1-10", UCT_VALUE_REFUSED },
		{ mount_add_volume, "/:/a:nocopy", UCT_VALUE_REFUSED },
		{ mount_add_volume, "/:/a:upperdir=/x,workdir=/y", UCT_BAD_MOUNT },
		{ mount_add_volume, "/:/a:O,upperdir=/x", UCT_BAD_MOUNT },
		{ mount_add_volume, "/:/a:O,upperdir=x,workdir=y", UCT_BAD_MOUNT },
		{ mount_add_tmpfs, "", UCT_BAD_MOUNT },
		{ mount_add_tmpfs, "/", UCT_BAD_MOUNT },
		{ mount_add_tmpfs, "/t:mode=8", UCT_BAD_MOUNT },
		{ mount_add_tmpfs, "/t:lowerdir=/", UCT_BAD_MOUNT },
		{ mount_add_mount, "", UCT_BAD_MOUNT },
		{ mount_add_mount, "type=bind", UCT_BAD_MOUNT },
		{ mount_add_mount, "type=bind,src,dst=/a", UCT_BAD_MOUNT },
		{ mount_add_mount, "type=bind,dst=/a", UCT_BAD_MOUNT },
		{ mount_add_mount, "type=bind,src=/,dst=/a,readonly=maybe", UCT_BAD_MOUNT },
		{ mount_add_mount, "type=bind,src=/,dst=/a,tmpfs-size=1m", UCT_BAD_MOUNT },
		{ mount_add_mount, "type=bind,src=/,dst=/a,volume-nocopy", UCT_BAD_MOUNT },
		{ mount_add_mount, "type=tmpfs,dst=/a,bind-propagation=slave", UCT_BAD_MOUNT },
		{ mount_add_mount, "type=bind,src=/,dst=/a,idmap", UCT_VALUE_REFUSED },
		{ mount_add_mount, "src=v,dst=/a,volume-subpath=../x", UCT_BAD_MOUNT },
		{ mount_add_mount, "src=v,dst=/a,volume-subpath=/x", UCT_BAD_MOUNT },
		{ mount_add_mount, "src=/x,dst=/a,volume-subpath=x", UCT_BAD_MOUNT },
		{ mount_add_mount, "type=devpts,dst=/a,uid=x", UCT_BAD_MOUNT },
		{ mount_add_mount, "\"", UCT_BAD_MOUNT },
		{ mount_add_mount, "\"type=bind\"x,src=/,dst=/a", UCT_BAD_MOUNT },
		{ mount_add_mount, "type=cluster,src=/,dst=/a", UCT_VALUE_REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_mount_plan_ struct mount_plan p = { 0 };
		struct err e = { 0 };

		assert_int_equal(mount_plan_init(&p, NULL, &e), 0);
		p.container_dir = "/c";
		if (table[i].add(&p, table[i].spec, &e) >= 0)
			fail_msg("'%s' is accepted", table[i].spec);
		if (e.uct != table[i].code)
			fail_msg("'%s': %d %s", table[i].spec, e.uct, e.msg);
		assert_int_equal(json_array_size(p.list), 0);
	}
}

static void mounts_are_sorted(void **state)
{
	_cleanup_mount_plan_ struct mount_plan p = { 0 };

	(void)state;
	assert_int_equal(mount_plan_init(&p, NULL, NULL), 0);
	for (const char *const *t = LIST("/a/b/c", "/x", "/a/b", "/y", "/a"); *t; t++)
		assert_int_equal(mount_add_tmpfs(&p, *t, NULL), 0);
	assert_int_equal(mounts_sort(p.list, NULL), 0);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(json_string_value(json_object_get(json_array_get(p.list, i),
		                                                      "destination")),
		                    (LIST("/x", "/y", "/a", "/a/b", "/a/b/c"))[i]);
	assert_int_equal(mount_add_tmpfs(&p, "/x", NULL), 0);
	assert_int_equal(mounts_sort(p.list, NULL), -EINVAL);
}

static void reserved_places(void **state)
{
	(void)state;
	for (const char *const *t = LIST("/", "/etc", "/etc/ssl", "/usr", "/usr/lib", "/home",
	                                 "/tmp", "/home/me", "/var", "/proc/1");
	     *t; t++)
		assert_true(mount_place_is_reserved(*t, "/home/me"));
	for (const char *const *t = LIST("/home/me/x", "/home/you", "/tmp/x", "/srv/data",
	                                 "/etcetera", "/var/tmp/x", "/data");
	     *t; t++)
		assert_false(mount_place_is_reserved(*t, "/home/me"));
	assert_true(mount_place_is_reserved("/data", "/data/people/me")); /* it contains the home */
	assert_false(mount_place_is_reserved("/data", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts_are_understood),
		cmocka_unit_test(mounts_are_refused),
		cmocka_unit_test(mounts_are_sorted),
		cmocka_unit_test(reserved_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
