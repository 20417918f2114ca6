/// A setting that can't be: the flag, its value, and what is allowed.
package struct SettingError: Error, CustomStringConvertible {
    package let description: String

    /// Says that `value` can't be the one of `flag`, and in `words` what is allowed.
    package init(_ flag: String, _ value: String, _ words: String) {
        description = "The value '\(value)' is invalid for '\(flag)': \(words)."
    }
}
