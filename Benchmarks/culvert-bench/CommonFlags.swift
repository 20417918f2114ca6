internal import ArgumentParser

/// The flags that all scenarios have.
struct CommonFlags: ParsableArguments {
    @OptionGroup(title: "How to get there") var route: RouteFlags
    @OptionGroup(title: "Where to and from") var origin: OriginFlags
    @OptionGroup(title: "Tool") var tool: ToolFlags
}
