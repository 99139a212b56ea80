// SPDX-License-Identifier: MIT
// The headers that every test of the asynchronous waits includes, compiled once.
#include "async_waits.hpp"
#include "support/catch.hpp"
