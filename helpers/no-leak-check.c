/* SPDX-License-Identifier: Apache-2.0 */
/* no-leak-check - for sanitized builds of programs that change their user or PID namespace
 *
 * The leak checker attaches to the program from a process that it clones at the end. In another
 * namespace that process dies, and the checker waits for it for ever. The parts of these programs
 * that allocate are checked in the unit tests.
 */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
	return 1;
}
