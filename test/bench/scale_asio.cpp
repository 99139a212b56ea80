// SPDX-License-Identifier: MIT
// Watching with Asio: one asynchronous wait for each child.
#include "scale_ways.hpp"

#if __has_include(<asio.hpp>)
#define PIDFD_UTIL_USE_STANDALONE_ASIO

#include "scale_nursery.hpp"

#include <pidfd_util/asio.hpp>

#include <asio.hpp>

#include <utility>
#include <vector>

namespace bench {

namespace {

class by_asio : public way {
public:
    explicit by_asio(std::uint32_t count) : children_(count) {}

    bool add(std::uint32_t slot, pidfd_util::pidfd process) override {
        children_[slot] = pidfd_util::child(std::move(process));
        pidfd_util::async_wait(
            context_, children_[slot],
            [this, slot](const asio::error_code& error, pidfd_util::waited_status) {
                ended_ = ending{slot, now()};
                failed_ = failed_ || error;
                children_[slot] = pidfd_util::child();
            });
        return true;
    }

    std::optional<ending> next(std::uint32_t) override {
        ended_.reset();
        while (!ended_ && context_.run_one() != 0) {
        }
        return failed_ ? std::nullopt : ended_;
    }

private:
    // The context must be destroyed first, because its waits refer to the children.
    std::vector<pidfd_util::child> children_;
    std::optional<ending> ended_;
    bool failed_ = false;
    asio::io_context context_;
};

} // namespace

const char* const asio_missing = nullptr;

std::unique_ptr<way> make_asio(std::uint32_t count) {
    return std::make_unique<by_asio>(count);
}

} // namespace bench

#else

namespace bench {

const char* const asio_missing = "built without standalone Asio (asio.hpp was not found)";

std::unique_ptr<way> make_asio(std::uint32_t) {
    return nullptr;
}

} // namespace bench

#endif
