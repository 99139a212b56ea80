// SPDX-License-Identifier: MIT
// No operation allocates heap memory, on any path. This program has its own malloc, which counts
// calls and never reuses memory.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/operations.hpp"
#include "support/processes.hpp"

#include <pidfd_util/features.hpp>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <new>
#include <unistd.h>

namespace {

constexpr std::size_t heap_size = std::size_t{512} << 20; // untouched pages cost nothing
alignas(std::max_align_t) unsigned char heap[heap_size];
std::atomic<std::size_t> used{0};
std::atomic<unsigned long> calls{0};

// The functions below call this, and the compiler must not drop those calls.
void* take(std::size_t alignment, std::size_t size) {
    ++calls;
    constexpr std::size_t header = alignof(std::max_align_t);
    if (size > heap_size / 2 || alignment > heap_size / 2) {
        errno = ENOMEM;
        return nullptr;
    }
    const std::size_t needed = size + header + alignment;
    const std::size_t at = used.fetch_add((needed + header - 1) / header * header);
    if (at + needed > heap_size) {
        errno = ENOMEM;
        return nullptr;
    }
    auto start = reinterpret_cast<std::uintptr_t>(heap + at + header);
    start = (start + alignment - 1) / alignment * alignment;
    auto* const memory = reinterpret_cast<unsigned char*>(start);
    std::memcpy(memory - sizeof size, &size, sizeof size);
    return memory;
}

std::size_t size_of(const void* memory) {
    std::size_t size = 0;
    std::memcpy(&size, static_cast<const unsigned char*>(memory) - sizeof size, sizeof size);
    return size;
}

} // namespace

extern "C" {

void* malloc(std::size_t size) {
    return take(alignof(std::max_align_t), size);
}

void free(void*) {
    ++calls;
}

void* calloc(std::size_t count, std::size_t size) {
    // Memory that was never used is zero.
    if (size != 0 && count > heap_size / size) {
        errno = ENOMEM;
        return nullptr;
    }
    return take(alignof(std::max_align_t), count * size);
}

void* realloc(void* old, std::size_t size) {
    void* const memory = take(alignof(std::max_align_t), size);
    if (old != nullptr && memory != nullptr)
        std::memcpy(memory, old, size_of(old) < size ? size_of(old) : size);
    return memory;
}

void* memalign(std::size_t alignment, std::size_t size) {
    return take(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
    return take(alignment, size);
}

int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
    *memory = take(alignment, size);
    return *memory != nullptr ? 0 : ENOMEM;
}

} // extern "C"

// libstdc++'s and libc++'s operator new and delete call these.

using namespace pidfd_util;
using namespace support;

namespace {

struct finding {
    std::size_t subject;
    const operation_row* operation;
    unsigned long calls;
};

/// The first operation that calls the heap.
finding find_heap(const std::vector<subject>& subjects) {
    const std::vector<const operation_row*> all = operations_on_any();
    for (int round = 0; round < 2; ++round) { // before and after anything was learnt
        for (std::size_t s = 0; s < subjects.size(); ++s) {
            for (const operation_row* o : all) {
                const unsigned long before = calls;
                (void)attempt(*o, pidfd_view(subjects[s].fd));
                if (const unsigned long more = calls - before; more != 0)
                    return {s, o, more};
            }
        }
    }
    return {0, all.front(), 0};
}

template <class F>
unsigned long calls_of(F f) {
    const unsigned long before = calls;
    f();
    return calls - before;
}

} // namespace

TEST_CASE("this program counts allocations and deallocations") {
    CHECK(calls_of([] {
              void* volatile memory = std::malloc(1);
              std::free(memory);
          }) == 2);
    CHECK(calls_of([] {
              int* volatile memory = new int;
              delete memory;
          }) == 2);
    CHECK(calls_of([] { std::string(1000, 'x'); }) == 2);
    CHECK(calls_of([] {}) == 0);
}

TEST_CASE("no operation uses the heap, on any kernel, about anything") {
    const std::vector<subject> subjects = everything();
    for (const profile& kernel : all_profiles()) {
        const auto found = isolated(on(kernel), [&] { return find_heap(subjects); });
        REQUIRE(found);
        CAPTURE(kernel.name, subjects[found->subject].name, found->operation->name);
        CHECK(found->calls == 0);
    }
}

TEST_CASE("no operation uses the heap in a pid namespace, with its own /proc or another one") {
    const std::vector<subject> subjects = everything();
    for (const profile& kernel : {native(), linux_5_10()}) {
        for (const char* proc : {"", "fresh", "none"}) {
            surroundings around;
            around.kernel = kernel;
            around.user_namespace = geteuid() != 0;
            around.pid_namespace = true;
            around.proc = proc;
            const auto found = isolated(around, [&] { return find_heap(subjects); });
            if (!found)
                SKIP_TEST(found.missing);
            CAPTURE(kernel.name, proc, subjects[found->subject].name, found->operation->name);
            CHECK(found->calls == 0);
        }
    }
}

TEST_CASE("no operation uses the heap where file descriptors are exhausted") {
    const std::vector<subject> subjects = everything();
    for (const profile& kernel : {native(), linux_5_10()}) {
        surroundings around;
        around.kernel = kernel;
        around.file_limit = 4; // fewer than are open
        const auto found = isolated(around, [&] { return find_heap(subjects); });
        REQUIRE(found);
        CAPTURE(kernel.name, subjects[found->subject].name, found->operation->name);
        CHECK(found->calls == 0);
    }
}

TEST_CASE("opening, killing and waiting for a process do not use the heap") {
    const test_child target = test_child::running();
    unsigned long found = calls_of([&] {
        const auto self = pidfd::from_self();
        const auto fd = pidfd::from_pid(target.pid());
        const auto none = pidfd::from_pid(-1);
        auto copy = fd->duplicate();
        const pidfd moved = std::move(*copy);
        (void)moved.try_wait();
        (void)moved.kill();
        (void)moved.wait();
        (void)moved.try_wait();
    });
    CHECK(found == 0);
}

TEST_CASE("availability_of and answering_path do not use the heap") {
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto found = isolated(on(kernel), [] {
            return calls_of([] {
                for (feature f : all_features)
                    (void)availability_of(f);
                for (operation op : all_operations)
                    (void)answering_path(op);
            });
        });
        REQUIRE(found);
        CHECK(*found == 0);
    }
}
