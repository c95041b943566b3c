/* SPDX-License-Identifier: Apache-2.0 */
/* What is left to the unpacker: a thread, but no process and no namespace. */
#include "fixture.h"

#include "store/unpack.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum result { GOOD, NOT_CONFINED, NO_THREAD, A_PROCESS, A_NAMESPACE, A_NEW_CALL, A_PROGRAM };

static void *touch(void *data)
{
	*(int *)data = 1;
	return NULL;
}

static long call_clone(unsigned long flags)
{
	return syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
}

static enum result try_all(int dirfd)
{
	char *argv[] = { (char *)(uintptr_t) "true", NULL };
	struct err e;
	pthread_t thread;
	int touched = 0;

	if (unpack_confine(&dirfd, 1, /* is_layer= */ true, &e) < 0)
		return NOT_CONFINED;
	if (pthread_create(&thread, NULL, touch, &touched) != 0 ||
	    pthread_join(thread, NULL) != 0 || !touched)
		return NO_THREAD;
	if (call_clone(0) != -1 || errno != EPERM)
		return A_PROCESS;
	if (call_clone(CLONE_VM | CLONE_VFORK) != -1 || errno != EPERM)
		return A_PROCESS;
	if (call_clone(CLONE_NEWUSER) != -1 || errno != EPERM || unshare(CLONE_NEWUSER) != -1)
		return A_NAMESPACE;
	if (call_clone(CLONE_THREAD | CLONE_VM | CLONE_SIGHAND | CLONE_NEWNET) != -1 ||
	    errno != EPERM)
		return A_NAMESPACE;
	if (syscall(SYS_clone3, NULL, 0) != -1 || errno != ENOSYS)
		return A_NEW_CALL;
	if (execv("/bin/true", argv) != -1 || errno != EPERM)
		return A_PROGRAM;
	return GOOD;
}

static void threads_but_no_processes(void **state)
{
	_cleanup_close_ int dirfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int status;
	pid_t pid;

	(void)state;
	assert_true(dirfd >= 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit((int)try_all(dirfd));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), GOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_but_no_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
