// SPDX-License-Identifier: MIT
// The headers that nearly every test includes, compiled once.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <pidfd_util/pidfd_util.hpp>
