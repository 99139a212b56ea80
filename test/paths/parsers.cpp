// SPDX-License-Identifier: MIT
// The parsers of /proc's text, on malicious text. The library does not export the parsers, so this
// program is linked with its objects.
#include "support/catch.hpp"

#include "kernel/text.hpp"
#include "paths/fdinfo.hpp"
#include "paths/status.hpp"

#include <atomic>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <optional>
#include <string>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;

namespace {

/// A pipe that delivers the text in pieces. No read joins two pieces, because each is written only
/// once the previous one has been read.
class pieces {
public:
    explicit pieces(std::vector<std::string> all) : all_(std::move(all)) {
        REQUIRE(pipe2(ends_, O_CLOEXEC) == 0);
        writer_ = std::thread([this] { write_all(); });
    }
    pieces(const pieces&) = delete;
    pieces& operator=(const pieces&) = delete;
    ~pieces() {
        unwanted_ = true;
        writer_.join();
        close(ends_[0]);
    }
    int fd() const { return ends_[0]; }

private:
    void write_all() {
        for (const std::string& piece : all_) {
            int waiting = 1;
            while (!unwanted_ && ioctl(ends_[0], FIONREAD, &waiting) == 0 && waiting != 0)
                std::this_thread::yield();
            if (!unwanted_)
                (void)!write(ends_[1], piece.data(), piece.size());
        }
        close(ends_[1]);
    }

    std::vector<std::string> all_;
    int ends_[2];
    std::atomic<bool> unwanted_{false};
    std::thread writer_;
};

/// Reads every line through a buffer of this size.
std::vector<std::string> lines_of(const std::vector<std::string>& text, std::size_t buffer_size) {
    const pieces source(text);
    // A buffer of exactly the reader's size, so that a sanitizer reports any access beyond it.
    std::vector<char> buffer(buffer_size);
    text::line_reader reader(source.fd(), buffer.data(), buffer.size());
    std::vector<std::string> lines;
    std::optional<std::string_view> line;
    while (reader.next(line) == 0 && line)
        lines.emplace_back(*line);
    CHECK(!line);
    CHECK((reader.next(line) == 0 && !line)); // on every further call
    return lines;
}

using lines = std::vector<std::string>;

std::string numbers(int count) {
    std::string list;
    for (int i = 1; i <= count; ++i)
        list += "\t" + std::to_string(i);
    return list;
}

int parse_fdinfo(const std::string& text, fdinfo::record& result) {
    // Exactly the text, so that a sanitizer reports any access beyond it.
    const std::vector<char> exact(text.begin(), text.end());
    return fdinfo::parse({exact.data(), exact.size()}, result);
}

int parse_fdinfo(const std::string& text) {
    fdinfo::record ignored{};
    return parse_fdinfo(text, ignored);
}

/// Calls status::read on the text, which a pipe delivers in pieces.
int read_status(const std::vector<std::string>& text, status::record& result) {
    const pieces source(text);
    return status::read(source.fd(), result);
}

const std::string good_status =
    "Name:\tcat\nUmask:\t0022\nState:\tR (running)\nTgid:\t10\nNgid:\t0\n"
    "Pid:\t11\nPPid:\t9\nTracerPid:\t0\nUid:\t1\t2\t3\t4\n"
    "Gid:\t5\t6\t7\t8\nFDSize:\t64\nGroups:\t0 1 2 \n"
    "NStgid:\t10\t2\nNSpid:\t11\t3\nNSpgid:\t1\t1\n";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const std::size_t at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), by);
}

} // namespace

TEST_CASE("line_reader returns the same lines however they are split into reads") {
    const lines expected{"one", "", "three"};
    for (std::size_t size : {6U, 7U, 8U, 100U}) {
        CAPTURE(size);
        CHECK(lines_of({"one\n\nthree\n"}, size) == expected);
        CHECK(lines_of({"one\n\nthree"}, size) == expected);
        CHECK(lines_of({"o", "n", "e", "\n", "\n", "th", "re", "e\n"}, size) == expected);
        CHECK(lines_of({"one\n\nth", "ree\n"}, size) == expected);
    }
    CHECK(lines_of({}, 8).empty());
    CHECK(lines_of({"\n"}, 8) == lines{""});
    CHECK(lines_of({"\n\n"}, 1) == lines{"", ""});
}

TEST_CASE(
    "line_reader cuts a line that is longer than the buffer, and continues with the next line") {
    CHECK(lines_of({"0123456789\nnext\n"}, 8) == lines{"01234567", "next"});
    CHECK(lines_of({"0123456789"}, 8) == lines{"01234567"});
    CHECK(lines_of({std::string(1000, 'x') + "\nnext\n"}, 8) == lines{"xxxxxxxx", "next"});
    CHECK(lines_of({"01234567\nnext\n"}, 8) == lines{"01234567", "next"}); // just as long
    CHECK(lines_of({"01234567"}, 8) == lines{"01234567"});
    CHECK(lines_of({"0123456", "7", "\nnext"}, 8) == lines{"01234567", "next"});
    CHECK(lines_of({"0123456789abcdef\nnext\n"}, 8) == lines{"01234567", "next"}); // twice as long
    CHECK(lines_of({"abc\nd\n"}, 1) == lines{"a", "d"});
    CHECK(lines_of({"0123456789\n0123456789\n\n"}, 4) == lines{"0123", "0123", ""});
}

TEST_CASE("line_reader passes zero bytes through") {
    CHECK(lines_of({std::string("a\0b\nc", 5)}, 8) == lines{std::string("a\0b", 3), "c"});
}

TEST_CASE("line_reader without a file descriptor fails with EIO") {
    char buffer[8];
    text::line_reader reader(-1, buffer, sizeof buffer);
    std::optional<std::string_view> line;
    CHECK(reader.next(line) == EIO);
}

TEST_CASE("a number is decimal, whole and in range, or is refused") {
    std::int64_t value = 0;
    CHECK((text::parse_number("0", value) && value == 0));
    CHECK((text::parse_number("-1", value) && value == -1));
    CHECK((text::parse_number("9223372036854775807", value) && value == INT64_MAX));
    for (const char* bad : {"", "-", "+1", " 1", "1 ", "0x1", "1.5", "1,", "one", "--1",
                            "9223372036854775808", "99999999999999999999999"}) {
        CAPTURE(bad);
        CHECK_FALSE(text::parse_number(bad, value));
    }
    CHECK_FALSE(text::parse_number(std::string_view("1\0", 2), value));

    pid_t pid = 0;
    CHECK((text::parse_pid("2147483647", pid) && pid == INT_MAX));
    CHECK_FALSE(text::parse_pid("2147483648", pid));
    CHECK_FALSE(text::parse_pid("-2147483649", pid));
    CHECK_FALSE(text::parse_pid("4294967297", pid)); // 1, if it were cut

    std::uint32_t id = 0;
    CHECK((text::parse_id("4294967295", id) && id == UINT32_MAX));
    CHECK_FALSE(text::parse_id("4294967296", id));
    CHECK_FALSE(text::parse_id("-1", id));
}

TEST_CASE("a word ends at a blank or a tab, and no word follows the last") {
    std::string_view text = " \t one\ttwo  three ";
    CHECK(text::take_word(text) == "one");
    CHECK(text::take_word(text) == "two");
    CHECK(text::take_word(text) == "three");
    CHECK(text::take_word(text).empty());
    CHECK(text::take_word(text).empty());
}

TEST_CASE("a key matches only the whole beginning of a line") {
    std::string_view line = "Pid:\t1";
    CHECK_FALSE(text::take_key(line, "NSpid:"));
    CHECK_FALSE(text::take_key(line, "Pid:\t12"));
    CHECK(text::take_key(line, "Pid:"));
    CHECK(line == "\t1");
    line = "PPid:\t1";
    CHECK_FALSE(text::take_key(line, "Pid:"));
    line = "";
    CHECK_FALSE(text::take_key(line, "Pid:"));
}

TEST_CASE("a list of pids holds as many pids as the kernel nests namespaces, and no more") {
    text::pid_list list{};
    CHECK((text::parse_pids(numbers(1), list) && list.count == 1 && list.pids[0] == 1));
    CHECK((text::parse_pids(numbers(33), list) && list.count == 33 && list.pids[32] == 33));
    CHECK_FALSE(text::parse_pids(numbers(34), list));
    CHECK_FALSE(text::parse_pids("", list));
    CHECK_FALSE(text::parse_pids("\t1\tx", list));
    CHECK_FALSE(text::parse_pids("\t1\t99999999999", list));
}

TEST_CASE("fdinfo of a pidfd has the pid and those in inner namespaces") {
    fdinfo::record r{};
    REQUIRE(parse_fdinfo("pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t2\nPid:\t5505\n"
                         "NSpid:\t5505\t2\n",
                         r) == 0);
    CHECK(r.pid == 5505);
    CHECK(r.nspid.count == 2);
    CHECK(r.nspid.pids[1] == 2);

    REQUIRE(parse_fdinfo("Pid:\t7\n", r) == 0); // a kernel without pid namespaces
    CHECK(r.pid == 7);
    CHECK(r.nspid.count == 0);
    CHECK(parse_fdinfo("Pid:\t7", r) == 0);                                 // no newline at the end
    CHECK(parse_fdinfo("Pid:\t7\nNSpid:" + numbers(33) + "\n") == EBADMSG); // 1 is not 7
    CHECK(parse_fdinfo("Pid:\t1\nNSpid:" + numbers(33) + "\n", r) == 0);
    CHECK(r.nspid.count == 33);
    CHECK(parse_fdinfo("Pid:\t1\nNSpid:" + numbers(34) + "\n") == EBADMSG);
}

TEST_CASE("fdinfo of a reaped or an invisible process gives no pid") {
    fdinfo::record r{};
    CHECK((parse_fdinfo("Pid:\t-1\nNSpid:\t-1\n", r) == 0 && r.pid == -1));
    CHECK((parse_fdinfo("Pid:\t0\nNSpid:\t0\n", r) == 0 && r.pid == 0));
    CHECK((parse_fdinfo("Pid:\t-1\n", r) == 0 && r.pid == -1));
}

TEST_CASE("fdinfo of another kind of file is not mistaken for that of a pidfd") {
    CHECK(parse_fdinfo("") == EBADFD);
    CHECK(parse_fdinfo("pos:\t0\nflags:\t02\nmnt_id:\t15\nino:\t2\n") == EBADFD);
    CHECK(parse_fdinfo("pid:\t5\n") == EBADFD);
    CHECK(parse_fdinfo("xPid:\t5\n") == EBADFD);
    CHECK(parse_fdinfo(" Pid:\t5\n") == EBADFD);
    CHECK(parse_fdinfo("NSpid:\t5\n") == EBADFD);
    CHECK(parse_fdinfo("\n\n\n") == EBADFD);
    CHECK(parse_fdinfo("inotify wd:1 ino:2 Pid:\t5\n") == EBADFD);
}

TEST_CASE("fdinfo that no kernel writes is refused") {
    for (const char* bad :
         {"Pid:\t-2\n", "Pid:\t\n", "Pid:", "Pid:\tx\n", "Pid:\t5x\n", "Pid:\t2147483648\n",
          "Pid:\t-2147483649\n", "Pid:\t5\nPid:\t5\n", "Pid:\t5\nPid:\t6\n", "Pid:\t5\nNSpid:\t\n",
          "Pid:\t5\nNSpid:", "Pid:\t5\nNSpid:\t50\n", "NSpid:\t6\nPid:\t5\n",
          "Pid:\t5\nNSpid:\t5x\n", "Pid:\t4294967301\n"}) {
        CAPTURE(bad);
        CHECK(parse_fdinfo(bad) == EBADMSG);
    }
}

TEST_CASE("every field of a status is read") {
    status::record r{};
    REQUIRE(read_status({good_status}, r) == 0);
    CHECK(r.tgid == 10);
    CHECK(r.ppid == 9);
    CHECK(r.creds == credentials{1, 5, 2, 6, 3, 7, 4, 8});
    CHECK((r.nstgid.count == 2 && r.nstgid.pids[1] == 2));
    CHECK((r.nspid.count == 2 && r.nspid.pids[1] == 3));
}

TEST_CASE("a status is parsed in the same way however it is split into reads") {
    std::vector<std::string> bytes;
    for (char c : good_status)
        bytes.emplace_back(1, c);
    status::record r{};
    REQUIRE(read_status(bytes, r) == 0);
    CHECK((r.tgid == 10 && r.ppid == 9 && r.creds.fsgid == 8 && r.nspid.pids[1] == 3));
    for (std::size_t cut = 1; cut < good_status.size(); ++cut) {
        r = {};
        REQUIRE(read_status({good_status.substr(0, cut), good_status.substr(cut)}, r) == 0);
        CHECK((r.tgid == 10 && r.ppid == 9 && r.creds.fsgid == 8 && r.nspid.pids[1] == 3));
    }
}

TEST_CASE("the name of a process cannot fake a line of its status") {
    for (const char* name : {"a b", "a)b (c", "x\\nUid:\\t0", "x\\nPid:\\t1\\nUid:\\t0\\t0\\t0\\t0",
                             "Pid:\t1", "Uid:", "\\", "", "Uid:\t0\t0\t0\t0", "\\\\n", "-", ":"}) {
        CAPTURE(name);
        status::record r{};
        REQUIRE(read_status({replaced(good_status, "cat", name)}, r) == 0);
        CHECK(r.tgid == 10);
        CHECK(r.creds.ruid == 1);
    }
}

TEST_CASE("a list of groups that exceeds every buffer does not hide what follows") {
    std::string groups;
    for (int i = 0; i < 3000; ++i)
        groups += std::to_string(i) + " ";
    status::record r{};
    REQUIRE(
        read_status({"Name:\tx\nTgid:\t10\nPid:\t11\nPPid:\t9\nUid:\t1\t2\t3\t4\n"
                     "Gid:\t5\t6\t7\t8\nGroups:\t",
                     groups.substr(0, 4000), groups.substr(4000, 4000), groups.substr(8000, 4000),
                     groups.substr(12000), "\nNStgid:\t10\t2\nNSpid:\t11\t3\n"},
                    r) == 0);
    CHECK((r.nspid.count == 2 && r.nspid.pids[1] == 3));
    CHECK((r.nstgid.count == 2 && r.nstgid.pids[1] == 2));
}

TEST_CASE("a status whose groups imitate its other lines is read by its lines") {
    // Where the buffer ends, the rest of a line begins with what looks like a key.
    for (std::size_t length = 1000; length < 1100; ++length) {
        const std::string filler(length, '1');
        status::record r{};
        REQUIRE(read_status({"Groups:\t" + filler + "Uid:\t0\t0\t0\t0\n" + good_status}, r) == 0);
        CHECK(r.creds.ruid == 1);
    }
}

TEST_CASE("a status without pid namespaces has every line that is needed") {
    status::record r{};
    const std::string text = good_status.substr(0, good_status.find("NStgid"));
    REQUIRE(read_status({text}, r) == 0);
    CHECK(r.tgid == 10);
    CHECK(r.nspid.count == 0);
}

TEST_CASE("a status with as many namespaces as the kernel nests is parsed, and one with more is "
          "refused") {
    status::record r{};
    REQUIRE(read_status({replaced(good_status, "NSpid:\t11\t3", "NSpid:" + numbers(33))}, r) == 0);
    CHECK(r.nspid.count == 33);
    CHECK(read_status({replaced(good_status, "NSpid:\t11\t3", "NSpid:" + numbers(34))}, r) ==
          EBADMSG);
}

TEST_CASE("a status that lacks a line, or is cut off, is refused") {
    status::record r{};
    for (const char* line :
         {"Tgid:\t10\n", "PPid:\t9\n", "Uid:\t1\t2\t3\t4\n", "Gid:\t5\t6\t7\t8\n"}) {
        CAPTURE(line);
        CHECK(read_status({replaced(good_status, line, "")}, r) == EBADMSG);
    }
    const std::size_t needed = good_status.find("\nFDSize");
    for (std::size_t length = 0; length < needed - 1; ++length)
        CHECK(read_status({good_status.substr(0, length)}, r) == EBADMSG);
}

TEST_CASE("a status with lines that no kernel writes is refused") {
    struct change {
        const char* what;
        const char* by;
    };
    for (const change& c :
         std::initializer_list<change>{{"Tgid:\t10", "Tgid:\t"},
                                       {"Tgid:\t10", "Tgid:\t10x"},
                                       {"Tgid:\t10", "Tgid:\t2147483648"},
                                       {"PPid:\t9", "PPid:\tnine"},
                                       {"Uid:\t1\t2\t3\t4", "Uid:\t1\t2\t3"},
                                       {"Uid:\t1\t2\t3\t4", "Uid:\t1\t2\t3\t4\t5"},
                                       {"Uid:\t1\t2\t3\t4", "Uid:\t-1\t2\t3\t4"},
                                       {"Uid:\t1\t2\t3\t4", "Uid:\t4294967296\t2\t3\t4"},
                                       {"Gid:\t5\t6\t7\t8", "Gid:\t5\t6\t7\t8x"},
                                       {"NSpid:\t11\t3", "NSpid:"},
                                       {"NStgid:\t10\t2", "NStgid:\t10\tx"}}) {
        CAPTURE(c.what, c.by);
        status::record r{};
        CHECK(read_status({replaced(good_status, c.what, c.by)}, r) == EBADMSG);
    }
}
