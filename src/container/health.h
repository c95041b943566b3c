/* SPDX-License-Identifier: Apache-2.0 */
/* health - the file with the last results of a container's health check
 *
 * One JSON object with Docker's names, as inspect shows it: {"Status", "FailingStreak", "Log":
 * [{"Start", "End", "ExitCode", "Output"}]}. The monitor writes it by rename after each check. The
 * word that counts for a container that runs is in its state file.
 */
#pragma once

#define HEALTH_FILE "health"

enum { HEALTH_FILE_MAX = 256 << 10 };
