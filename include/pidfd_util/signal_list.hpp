// SPDX-License-Identifier: MIT
// A list of signals, or none.
#ifndef PIDFD_UTIL_SIGNAL_LIST_HPP
#define PIDFD_UTIL_SIGNAL_LIST_HPP

#include <csignal>
#include <cstdint>
#include <initializer_list>

namespace pidfd_util {

/// A list of signals as an option: unset, or a list that may be empty. Assign numbers, a pointer to
/// a `sigset_t`, or `no_signals`:
///
///     options.default_signals = {SIGPIPE, SIGXFSZ};
///
/// The signals are copied. Numbers that no signal has make the list invalid: `spawn` refuses it
/// with EINVAL.
class signal_list {
public:
    /// Makes an unset list.
    constexpr signal_list() noexcept = default;
    /// Makes a list of these signals.
    constexpr signal_list(std::initializer_list<int> numbers) noexcept : is_set_(1) {
        for (const int number : numbers)
            add(number);
    }
    /// Makes a list of the signals of the set; an unset list if `set` is null.
    // cppcheck-suppress noExplicitConstructor // an option is set by an assignment
    signal_list(const sigset_t* set) noexcept {
        if (set == nullptr)
            return;
        is_set_ = 1;
        for (int number = 1; number <= last; ++number)
            if (sigismember(set, number) == 1)
                add(number);
    }
    /// Returns a list of no signals, which is set.
    [[nodiscard]] static constexpr signal_list none() noexcept {
        signal_list list;
        list.is_set_ = 1;
        return list;
    }

    /// Returns whether the list is set.
    [[nodiscard]] constexpr bool has_value() const noexcept { return is_set_ != 0; }
    /// Returns whether the list has the signal.
    [[nodiscard]] constexpr bool contains(int number) const noexcept {
        return number >= 1 && number <= last && (words_[word_of(number)] & bit_of(number)) != 0;
    }
    /// Returns whether all numbers are those of signals, and the object has one of its states.
    [[nodiscard]] constexpr bool is_valid() const noexcept {
        return is_set_ <= 1 && has_wrong_ == 0 &&
               (is_set_ == 1 || (words_[0] | words_[1] | words_[2] | words_[3]) == 0);
    }
    /// Makes the list unset.
    constexpr void reset() noexcept { *this = signal_list(); }

private:
#ifdef __mips__
    static constexpr int last = 128;
#else
    static constexpr int last = 64;
#endif
    static constexpr unsigned word_of(int number) noexcept {
        return static_cast<unsigned>(number - 1) / 32;
    }
    static constexpr std::uint32_t bit_of(int number) noexcept {
        return std::uint32_t{1} << (static_cast<unsigned>(number - 1) % 32);
    }
    constexpr void add(int number) noexcept {
        if (number >= 1 && number <= last)
            words_[word_of(number)] |= bit_of(number);
        else
            has_wrong_ = 1;
    }

    std::uint32_t words_[4] = {};
    std::uint32_t is_set_ = 0;
    std::uint32_t has_wrong_ = 0;
};

/// The list that is set and has no signals: `options.signal_mask = no_signals` blocks none.
inline constexpr signal_list no_signals = signal_list::none();

} // namespace pidfd_util

#endif
