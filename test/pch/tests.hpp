// SPDX-License-Identifier: MIT
// What nearly every test includes, compiled once.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <pidfd_util/pidfd_util.hpp>
