internal import Kernel
internal import Load

/// The files that a run is written to, opened before it begins so that no run is in vain.
struct Records: ~Copyable {
    private let json: OutputFile?
    private let csv: OutputFile?
    private let html: OutputFile?

    /// Opens those that `flags` ask for.
    ///
    /// - Throws: `SettingError` if one can't be written.
    init(_ flags: ToolFlags) throws(SettingError) {
        let json = try Records.open("--json", flags.json)
        let csv = try Records.open("--csv", flags.csv)
        let html = try Records.open("--html", flags.html)
        self.json = json
        self.csv = csv
        self.html = html
    }

    /// Opens the file at `path`, the value of `flag`, anew; nil if none was given.
    ///
    /// - Throws: `SettingError` if it can't be written.
    static func open(_ flag: String, _ path: String?) throws(SettingError) -> OutputFile? {
        guard let path else { return nil }
        do throws(SystemError) {
            return try OutputFile(replacing: path)
        } catch {
            throw SettingError(flag, path, "it can't be written (\(error))")
        }
    }

    /// Writes what the run came to.
    ///
    /// - Throws: `SystemError` of the first file that takes no more.
    func write(_ outcome: Outcome) throws(SystemError) {
        let figures = Figures(outcome).text
        try json?.write(figures + "\n")
        try csv?.write(CSV(outcome).text)
        let route = outcome.settings.route
        let name = [route.name, route.target].compactMap { $0 }.joined(separator: " ")
        try html?.write(Page(runs: [Page.Run(name: name, figures: figures)]).text)
    }
}
