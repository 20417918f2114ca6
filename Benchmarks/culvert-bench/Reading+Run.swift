internal import ArgumentParser
internal import Kernel

extension Reading {
    /// Bytes of a file of figures, at most; a day of samples is less.
    private static var figuresMax: Int { 256 << 20 }

    /// The run whose figures are in the file at `path`, which `--json` wrote.
    static func run(_ path: String) throws -> Page.Run {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try SystemFile.bytes(path, atMost: figuresMax + 1)
        } catch {
            throw ValidationError("it can't be read (\(error)); give a file that --json wrote.")
        }
        guard bytes.count <= figuresMax else {
            throw ValidationError("it is larger than \(figuresMax >> 20) MiB.")
        }
        let members: [String: Range<Int>]
        do throws(JSONFault) {
            members = try JSONReader.members(bytes)
        } catch {
            throw ValidationError("\(error); give a whole file that --json wrote.")
        }
        let marks = ["tool", "format"].map { name in
            members[name].map { String(decoding: bytes[$0], as: UTF8.self) }
        }
        guard marks == ["\"culvert-bench\"", "1"] else {
            throw ValidationError(
                "it has no figures of culvert-bench in format 1; give a file that --json wrote."
            )
        }
        return Page.Run(name: path, figures: String(decoding: bytes, as: UTF8.self))
    }
}
