// SPDX-License-Identifier: MIT
// The texts of ids of boots and of processes, their parsers, and the order and hash of the ids.
#include "support/catch.hpp"

#include <pidfd_util/pidfd.hpp>
#include <pidfd_util/process_reference.hpp>

#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <vector>

using namespace pidfd_util;

namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
constexpr pid_t most_pid = std::numeric_limits<pid_t>::max();

constexpr std::string_view plain = "0123456789abcdef0123456789abcdef";
constexpr std::string_view uuid = "01234567-89ab-cdef-0123-456789abcdef";
constexpr boot_id boot = parse_boot_id(plain).value();
constexpr boot_id full = parse_boot_id("ffffffffffffffffffffffffffffffff").value();

constexpr process_id id{4711, boot};
constexpr process_stamp stamp{boot, 86400, 4026531836, 4711};
constexpr process_reference reference{815, id};

// All of it works at compile time.
static_assert(boot.bytes[0] == 0x01 && boot.bytes[15] == 0xef);
static_assert(parse_boot_id(uuid) == boot);
static_assert(to_text(boot) == plain);
static_assert(to_text(id) == "4711@0123456789abcdef0123456789abcdef");
constexpr auto text_of_id = to_text(id);
static_assert(parse_process_id(text_of_id) == id);
static_assert(to_text(stamp) == "4711:86400:4026531836@0123456789abcdef0123456789abcdef");
constexpr auto text_of_stamp = to_text(stamp);
static_assert(parse_process_stamp(text_of_stamp) == stamp);
static_assert(to_util_linux_text(reference) == "815:4711");
constexpr auto text_of_reference = to_util_linux_text(reference);
static_assert(parse_util_linux_text(text_of_reference, boot) == reference);
static_assert(id == id && !(id != id) && !(id < id));
static_assert(process_id{1, boot} < process_id{2, boot});
static_assert(process_id{2, boot} < process_id{1, full});

// The longest texts fit.
static_assert(to_text(process_id{most, full}).size() == 53);
static_assert(to_text(process_stamp{full, most, most, most_pid}).size() == 85);
static_assert(to_util_linux_text({most_pid, {most, full}}).size() == 31);

// A pid that no process has gives no text, and never one that is cut.
static_assert(to_util_linux_text({0, id}).size() == 0);
static_assert(to_util_linux_text({-1, {most, full}}).size() == 0);
static_assert(to_util_linux_text({std::numeric_limits<pid_t>::min(), id}).size() == 0);
static_assert(to_text(process_stamp{full, most, most, 0}).size() == 0);
static_assert(to_text(process_stamp{full, most, most, -1}).size() == 0);

template <class From, class To>
constexpr bool never = !std::is_constructible_v<To, From> && !std::is_convertible_v<From, To>;
static_assert(never<process_stamp, process_id> && never<process_id, process_stamp>);
static_assert(never<process_reference, process_id> && never<process_reference, process_stamp>);
static_assert(never<std::uint64_t, process_id> && never<std::uint64_t, process_stamp>);
static_assert(!std::is_invocable_v<decltype(&pidfd::from_id), process_stamp, pid_t>);
static_assert(!std::is_invocable_v<decltype(&pidfd::from_stamp), process_id>);
static_assert(!std::is_invocable_v<decltype(&pidfd::from_id), std::uint64_t, pid_t>);

template <class A, class B, class = void>
constexpr bool comparable = false;
template <class A, class B>
constexpr bool comparable<A, B, std::void_t<decltype(std::declval<A>() == std::declval<B>())>> =
    true;
static_assert(comparable<process_id, process_id>);
static_assert(!comparable<process_id, process_stamp> && !comparable<process_id, boot_id>);

using strings = std::vector<std::string>;

const std::string boot_text(plain);

/// Texts that are almost good: with one character less or more, or with one replaced.
strings damaged(const std::string& good) {
    strings all;
    for (std::size_t i = 0; i < good.size(); ++i) {
        all.push_back(std::string(good).erase(i, 1));
        for (const char c : std::string_view("\0 \t\n+-.,/;@:gGxX\x7f\xff", 18)) {
            all.push_back(std::string(good).insert(i, 1, c));
            all.push_back(good);
            all.back()[i] = c;
        }
    }
    for (const char c : std::string_view("\0 \n@:-0a", 8))
        all.push_back(good + c);
    return all;
}

/// Parses a copy of exactly the text's size, so that a sanitizer reports any access beyond it.
template <class Parse>
auto exactly(std::string_view text, Parse parse) {
    const std::vector<char> copy(text.begin(), text.end());
    return parse(std::string_view(copy.data(), copy.size()));
}

const auto util_linux = [](std::string_view text) { return parse_util_linux_text(text, boot); };

} // namespace

TEST_CASE("a boot id is parsed with the dashes of a UUID and without any, in either case") {
    for (const std::string_view text :
         {plain, uuid, std::string_view("0123456789ABCDEF0123456789ABCDEF"),
          std::string_view("01234567-89AB-cdEF-0123-456789aBCDef")}) {
        CAPTURE(text);
        CHECK((exactly(text, parse_boot_id) == boot));
    }
}

TEST_CASE("a text that is not quite a boot id is refused") {
    const std::string zeros(32, '0');
    for (const std::string& bad :
         strings{std::string(), std::string("0"), zeros,
                 std::string("00000000-0000-0000-0000-000000000000"), "{" + boot_text + "}",
                 boot_text + "\n", boot_text + boot_text,
                 std::string("0123456789abcdef-0123456789abcdef"),
                 std::string("0123-456789ab-cdef-0123-456789abcdef"),
                 std::string("--------------------------------"),
                 std::string("------------------------------------")}) {
        CAPTURE(bad);
        CHECK_FALSE(exactly(bad, parse_boot_id));
    }
    for (const std::string_view good : {plain, uuid})
        for (const std::string& bad : damaged(std::string(good)))
            // A digit more or another digit is another id, if the length is right.
            if (const auto got = exactly(bad, parse_boot_id); got) {
                CAPTURE(bad);
                CHECK(bad.size() == good.size());
                CHECK(bad.find_first_not_of("0123456789abcdef-") == std::string::npos);
            }
}

TEST_CASE("the text of a process id is accepted in the one form in which it is written") {
    const std::string good = "4711@" + boot_text;
    CHECK((exactly(good, parse_process_id) == id));
    for (const std::string& bad : strings{std::string(),
                                          std::string("@"),
                                          std::string("4711"),
                                          "@" + boot_text,
                                          "0@" + boot_text,
                                          "04711@" + boot_text,
                                          "+4711@" + boot_text,
                                          "-1@" + boot_text,
                                          " " + good,
                                          good + " ",
                                          "0x1267@" + boot_text,
                                          "4711@0123456789ABCDEF0123456789abcdef",
                                          "4711@" + std::string(uuid),
                                          "4711@" + std::string(32, '0'),
                                          "4711@@" + boot_text,
                                          "4711:" + boot_text,
                                          "18446744073709551616@" + boot_text,
                                          "99999999999999999999@" + boot_text,
                                          "184467440737095516160@" + boot_text,
                                          "4711@" + boot_text + "@",
                                          good + good,
                                          "4711 @" + boot_text}) {
        CAPTURE(bad);
        CHECK_FALSE(exactly(bad, parse_process_id));
    }
    for (const std::string& bad : damaged(good))
        if (const auto got = exactly(bad, parse_process_id); got) {
            CAPTURE(bad);
            CHECK(to_text(*got) == bad);
            CHECK((*got == id) == (bad == good));
        }
}

TEST_CASE("the text of a process stamp is accepted in the one form in which it is written") {
    const std::string good = "4711:86400:4026531836@" + boot_text;
    CHECK((exactly(good, parse_process_stamp) == stamp));
    CHECK(exactly("1:0:1@" + boot_text, parse_process_stamp)); // a process that started at boot
    for (const std::string& bad : strings{
             std::string(), std::string("::@"), "::@" + boot_text, "0:86400:1@" + boot_text,
             "4711:86400:0@" + boot_text, "4711::1@" + boot_text, "4711:86400@" + boot_text,
             "4711:86400:1:1@" + boot_text, "2147483648:86400:1@" + boot_text,
             "4294972007:86400:1@" + boot_text, "-1:86400:1@" + boot_text,
             "4711:18446744073709551616:1@" + boot_text, "4711:1:18446744073709551616@" + boot_text,
             "4711:086400:1@" + boot_text, "4711:86400:1@" + std::string(uuid),
             "4711:86400:1@" + std::string(32, '0'), std::string("4711:86400:1"), good + "\n"}) {
        CAPTURE(bad);
        CHECK_FALSE(exactly(bad, parse_process_stamp));
    }
    for (const std::string& bad : damaged(good))
        if (const auto got = exactly(bad, parse_process_stamp); got) {
            CAPTURE(bad);
            CHECK(to_text(*got) == bad);
            CHECK((*got == stamp) == (bad == good));
        }
}

TEST_CASE("the text of util-linux needs an inode number, and is parsed more strictly than by "
          "util-linux") {
    CHECK((exactly("815:4711", util_linux) == reference));
    CHECK((util_linux("2147483647:18446744073709551615") ==
           process_reference{most_pid, {most, boot}}));
    for (const std::string bad : {"",
                                  ":",
                                  "815",
                                  "815:",
                                  ":4711",
                                  "0:4711",
                                  "815:0",
                                  "0815:4711",
                                  "815:04711",
                                  " 815:4711",
                                  "+815:4711",
                                  "815: 4711",
                                  "815:4711 ",
                                  "815:4711\n",
                                  "-815:4711",
                                  "815:-1",
                                  "815:4711:1",
                                  "2147483648:1",
                                  "4294968111:4711",
                                  "815:18446744073709551616",
                                  "815,4711",
                                  "0x32f:4711"}) {
        CAPTURE(bad);
        CHECK_FALSE(exactly(bad, util_linux));
    }
    for (const std::string& bad : damaged("815:4711"))
        if (const auto got = exactly(bad, util_linux); got) {
            CAPTURE(bad);
            CHECK(to_util_linux_text(*got) == bad);
        }
}

TEST_CASE("a process id survives its texts and systemd's triple without loss") {
    std::mt19937_64 random(4711);
    for (int i = 0; i < 2000; ++i) {
        process_reference r{};
        r.id.inode = (random() >> (random() % 64)) | 1;
        r.pid = static_cast<pid_t>((random() >> (random() % 30)) & 0x7fffffff);
        r.pid = r.pid == 0 ? 1 : r.pid;
        for (std::uint8_t& byte : r.id.boot.bytes)
            byte = static_cast<std::uint8_t>(random());
        const auto text = to_text(r.id);
        CAPTURE(text.c_str(), r.pid);
        CHECK(text == text.c_str());
        CHECK((parse_process_id(text) == r.id));
        const auto short_text = to_util_linux_text(r);
        CHECK((parse_util_linux_text(short_text, r.id.boot) == r));
        // pid, pidfdId, bootId
        const std::uint64_t pidfd_id = r.id.inode;
        const std::string boot_of_systemd(to_text(r.id.boot));
        CHECK(process_reference{r.pid, {pidfd_id, *parse_boot_id(boot_of_systemd)}} == r);
        const process_stamp s{r.id.boot, random(), r.id.inode, r.pid};
        const auto text_of_s = to_text(s);
        CHECK((parse_process_stamp(text_of_s) == s));
    }
}

TEST_CASE("no parser accepts the text of another type") {
    const strings all{std::string(plain), std::string(uuid), std::string(to_text(id)),
                      std::string(to_text(stamp)), std::string(to_util_linux_text(reference))};
    for (const std::string& text : all) {
        CAPTURE(text);
        const int takers = (parse_boot_id(text) ? 1 : 0) + (parse_process_id(text) ? 1 : 0) +
                           (parse_process_stamp(text) ? 1 : 0) + (util_linux(text) ? 1 : 0);
        CHECK(takers == 1);
    }
}

TEST_CASE("process ids are ordered by boot and then by number, and every difference counts") {
    const process_id ordered[] = {{1, boot}, {2, boot}, {most, boot}, {1, full}, {most, full}};
    for (const process_id& a : ordered)
        for (const process_id& b : ordered) {
            CHECK((a < b) == (&a < &b));
            CHECK((a == b) == (&a == &b));
            CHECK((a != b) == (&a != &b));
        }
    for (std::size_t i = 0; i < sizeof boot.bytes; ++i) {
        process_id other = id;
        ++other.boot.bytes[i];
        CHECK(other != id);
        CHECK(other.boot != boot);
        CHECK(boot < other.boot);
    }
    std::map<process_id, int> by_id;
    by_id[{1, boot}] = 1;
    by_id[{1, full}] = 2;
    CHECK(by_id[{1, boot}] == 1);
    CHECK(by_id.size() == 2);
}

TEST_CASE("stamps are ordered by boot, start, namespace and pid, and are keys of maps") {
    const process_stamp ordered[] = {{boot, 1, 2, 3},
                                     {boot, 1, 2, 4},
                                     {boot, 1, 3, 1},
                                     {boot, 2, 1, 1},
                                     {boot, most, most, most_pid},
                                     {full, 0, 1, 1}};
    for (const process_stamp& a : ordered)
        for (const process_stamp& b : ordered) {
            CHECK((a < b) == (&a < &b));
            CHECK((std::hash<process_stamp>()(a) == std::hash<process_stamp>()(b)) == (&a == &b));
        }
    std::map<process_stamp, int> by_order;
    std::unordered_set<process_stamp> by_hash;
    for (const process_stamp& s : ordered) {
        by_order[s] = s.pid;
        by_hash.insert(s);
        by_hash.insert(s);
    }
    CHECK(by_order.size() == 6);
    CHECK(by_hash.size() == 6);
    CHECK(by_order.at({boot, 1, 2, 4}) == 4);
    // Many processes that start at one time, as at boot.
    std::unordered_set<std::size_t> hashes;
    for (pid_t pid = 1; pid <= 100; ++pid)
        for (std::uint64_t start = 0; start < 100; ++start)
            hashes.insert(std::hash<process_stamp>()({boot, start, 4026531836, pid}));
    CHECK(hashes.size() == 10000);
}

TEST_CASE("every part of a stamp and of a reference counts in a comparison") {
    const process_stamp others[] = {{full, 86400, 4026531836, 4711},
                                    {boot, 86401, 4026531836, 4711},
                                    {boot, 86400, 4026531837, 4711},
                                    {boot, 86400, 4026531836, 4712}};
    for (const process_stamp& other : others) {
        CHECK(other != stamp);
        CHECK_FALSE(other == stamp);
    }
    CHECK(reference != process_reference{816, id});
    CHECK(reference != process_reference{815, {4712, boot}});
    CHECK(reference == process_reference{815, id});
}

TEST_CASE("equal ids have equal hashes, and ids that differ in one bit do not") {
    CHECK(std::hash<process_id>()(id) == std::hash<process_id>()({4711, boot}));
    CHECK(std::hash<boot_id>()(boot) == std::hash<boot_id>()(*parse_boot_id(uuid)));
    std::unordered_set<std::size_t> hashes{std::hash<process_id>()(id)};
    std::unordered_set<process_id> ids{id};
    constexpr std::size_t bits = sizeof(std::size_t) * 8; // a hash cannot tell more apart
    for (std::size_t bit = 0; bit < bits; ++bit) {
        process_id other = id;
        other.inode ^= std::uint64_t{1} << bit;
        hashes.insert(std::hash<process_id>()(other));
        ids.insert(other);
    }
    CHECK(hashes.size() == bits + 1);
    CHECK(ids.size() == bits + 1);
    for (std::size_t bit = 0; bit < sizeof boot.bytes * 8; ++bit) {
        boot_id other = boot;
        other.bytes[bit / 8] = static_cast<std::uint8_t>(other.bytes[bit / 8] ^ 1 << bit % 8);
        CHECK(std::hash<boot_id>()(other) != std::hash<boot_id>()(boot));
    }
}
