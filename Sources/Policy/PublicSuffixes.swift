public import Internet

/// The names under which anybody can have a name: `com`, `co.uk`, `github.io`.
public struct PublicSuffixes: Sendable {
    private var names: Set<Name> = []
    /// Names of which each child is one.
    private var parents: Set<Name> = []

    /// Reads the list that Mozilla keeps and that systems have a copy of.
    public init(parsing text: String) {
        for line in text.utf8.split(separator: 10) {
            let word = Substring(line.prefix { $0 != 0x20 && $0 != 0x0d && $0 != 0x09 })
            if word.hasPrefix("*.") {
                if let name = Name(String(word.dropFirst(2))) { parents.insert(name) }
            } else if let name = Name(String(word)) {
                names.insert(name)
            }
        }
    }

    /// Those that are met most, for where there is no list.
    public static let common = PublicSuffixes(
        parsing: """
            ac.uk\nco.uk\ngov.uk\norg.uk\ncom.au\nnet.au\norg.au\nco.nz\nco.jp\nne.jp\nor.jp
            com.br\nnet.br\ncom.cn\nnet.cn\norg.cn\nco.in\nco.kr\ncom.mx\ncom.tr\nco.za\ncom.sg
            com.hk\ncom.tw\nco.il\ncom.ar\ncom.co\ncom.pl\ncom.ua\ncom.ru
            github.io\ngitlab.io\nherokuapp.com\nvercel.app\nnetlify.app\npages.dev\nworkers.dev
            web.app\nfirebaseapp.com\nappspot.com\nrun.app\nazurewebsites.net\nazureedge.net
            blob.core.windows.net\ncloudapp.azure.com\ncloudfront.net\ns3.amazonaws.com
            elasticbeanstalk.com\nfly.dev\nonrender.com\nngrok.io\nngrok.app\nngrok-free.app
            trycloudflare.com\ndyndns.org\nduckdns.org\nno-ip.org\nblogspot.com\nwordpress.com
            *.compute.amazonaws.com\n*.elb.amazonaws.com
            """
    )

    /// Whether `name` is one of them.
    ///
    /// A name of one label always is.
    public func contains(_ name: Name) -> Bool {
        guard let dot = (0..<name.count).first(where: { name[$0] == UInt8(ascii: ".") }) else {
            return true
        }
        if names.contains(name) { return true }
        let parent = "\(name)".dropFirst(dot + 1)
        return Name(String(parent)).map(parents.contains) ?? false
    }
}
