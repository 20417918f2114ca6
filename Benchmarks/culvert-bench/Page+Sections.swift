extension Page {
    /// The last part of the program: what stands on the page.
    static let sections = #"""
        // MARK: Sections

        const about = run => {
            const of = settings(run);
            const way = of.route === "direct" ? "direct" : `through the ${of.route} ${of.target}`;
            const size = of.tunnels > 0
                ? `${of.tunnels} tunnels` : `${of.concurrency} tunnels at a time`;
            const words = of.scenario
                ? [`${of.scenario}: ${size} ${way}`, run.figures.started] : [];
            const isCut = run.figures.interrupted === true;
            return make(
                "li", {}, swatch(run), make("strong", {}, run.name), " ",
                make("span", { class: "soft" }, words.filter(isThere).join(", ")),
                isCut ? make("span", { class: "bad" }, " interrupted") : null,
            );
        };

        const compared = { isCompared: true };
        const units = { tunnel: "tunnels", message: "messages", gigabyte: "GB" };
        const inUnits = of => (value, run) => `${rate(value)} ${units[of(run)?.unit] ?? "?"}/s`;
        const costs = (of, rows) => rows.map(([title, name]) => row(title, run => {
            const isCounted = of(run) && of(run).unit !== "second";
            return isCounted ? of(run)[`${name}_cpu_nanoseconds_per_unit`] : null;
        }, time, compared));
        const speedOf = value => `${bytes(value)}/s`;
        const memoryOf = name => run => run.figures.memory?.[`${name}_bytes_per_tunnel`];
        const points = {
            p50: "median", p90: "90 %", p99: "99 %", "p99.9": "99.9 %", "p99.99": "99.99 %",
            max: "longest",
        };
        const faultCount = run => faults(run).reduce((sum, fault) => sum + fault.count, 0);
        const keyFigures = () => table("", [
            row("Throughput", each(principal, "count"), inUnits(principal), compared),
            row("Data", run => each(principal, "bytes")(run) || null, speedOf, compared),
            ...general.slice(0, -1).flatMap(([title, of]) => ["p50", "p99", "p99.9"].map(point =>
                row(`${title}, ${points[point]}`, run => of(run)?.[point], time, compared))),
            ...costs(principal, [["Process CPU, each", "process"]]),
            row("Memory of a tunnel, process", memoryOf("process_resident"), bytes, compared),
            row("Memory of a tunnel, kernel", memoryOf("kernel"), bytes, compared),
            row("Failures", faultCount, count, { isFault: true }),
        ]);

        const cause = fault => `${fault.side}, ${fault.stage}: ${fault.kind}`
            + (fault.detail ? `: ${fault.detail}` : "");
        const failures = () => {
            const rows = union(run => faults(run).map(cause)).map(words => row(
                words, run => faults(run).find(fault => cause(fault) === words)?.count, count,
                { isFault: true },
            ));
            const examples = runs.flatMap(run => list(run.figures.examples).map(text =>
                make("li", {}, swatch(run), String(text))));
            const refused = ["statuses", "words"].flatMap(part =>
                keys(run => run.figures.refusals?.[part]).map(name => row(
                    part === "words" ? `error=${name}` : `status ${name}`,
                    run => run.figures.refusals?.[part]?.[name],
                )));
            const some = examples.length === 0 ? null : make(
                "div", { class: "card" }, make("strong", {}, "For example"),
                make("ul", {}, ...examples),
            );
            return [table("Failures", rows), table("Refused", refused), some];
        };

        const stretchTable = name => {
            const of = run => named(run, name);
            return table(`Part “${name}”`, [
                row("count", run => of(run)?.unit === "second" ? null : of(run)?.count),
                row("took", run => of(run)?.seconds, value => time(value * 1e9), compared),
                row("a second", each(of, "count"), inUnits(of), compared),
                row("data", run => of(run)?.bytes || null, bytes),
                row("data a second", run => each(of, "bytes")(run) || null, bytes, compared),
                ...costs(of, [
                    ["process CPU, each", "process"], ["client CPU, each", "client"],
                    ["origin CPU, each", "origin"],
                ]),
            ]);
        };
        const timeTable = ([title, of]) => table(title, [
            ...Object.entries(points).map(([point, words]) =>
                row(words, run => of(run)?.[point], time, compared)),
            row("of", run => of(run)?.count),
        ]);
        const plain = name => name.replaceAll("_", " ");
        const memoryTable = () => table("Memory of a tunnel", keys(run => run.figures.memory)
            .filter(name => name !== "tunnels")
            .map(name => row(
                plain(name.replace("_per_tunnel", "")), run => run.figures.memory?.[name],
                name.includes("bytes") ? bytes : count, compared,
            )));
        const kindNames = ["finished", "failed", "messages", "bytes"];
        const kindTable = kind => table(`Kind “${kind}”`, kindNames.map(name => row(
            name, run => kinds(run)?.[kind]?.[name], name === "bytes" ? bytes : count,
            { isFault: name === "failed" },
        )));
        const hostileTable = kind => {
            const of = run => hostile(run)?.[kind];
            const endings = keys(run => of(run)?.endings)
                .map(name => row(name, run => of(run)?.endings?.[name]));
            const clients = row("clients", run => of(run)?.clients);
            return table(`Hostile “${kind}”`, [clients, ...endings]);
        };
        const settingsTable = () => {
            const machine = ["started", "kernel", "cpus"]
                .map(name => row(name, run => run.figures[name]));
            const rows = keys(settings).map(name => row(plain(name), run => settings(run)[name]));
            for (const row of rows) row.isMarked = new Set(row.values).size > 1;
            return table("Settings and machine", [...rows, ...machine]);
        };

        // MARK: The page

        const scenarios = union(run => [scenario(run)]).join(", ");
        document.title = `culvert-bench: ${scenarios}`;
        document.querySelector("h1").append(document.title);
        document.querySelector("header ul").append(...runs.map(about));
        const latencies = [
            latency("Message", runs.flatMap(run => [
                quantiles(run, run.figures.nanoseconds?.message),
                quantiles(run, run.figures.nanoseconds?.message_beside, true),
            ])),
            ...[...general.slice(2), ...ofKinds].map(([title, of]) =>
                latency(title, runs.map(run => quantiles(run, of(run))))),
        ].filter(isThere);
        const flows = union(run => throughputs[scenario(run)] ?? []).map(name => courses[name]())
            .filter(isThere);
        const least = 13 + 8 * runs.length;
        section("Overview", Math.max(26, least), [
            keyFigures(), latencies.shift(), flows.shift(), ...failures(),
        ]);
        section("Latency by percentile", 30, latencies);
        section("Over time", 30, [
            ...flows,
            amount("Memory of the process, resident", now => now.process_resident_bytes),
            amount("Memory of the kernel, added since the start", now => now.kernel_bytes, growth),
            amount("Bytes in TCP sockets", now => now.kernel_socket_buffer_bytes),
            course("CPU of the process, cores", speed(coresOf), count, true),
        ]);
        section("All figures", least, [
            ...union(run => stretches(run).map(stretch => stretch.name)).map(stretchTable),
            ...[...general, ...ofKinds, ...ofHostile].map(timeTable),
            memoryTable(),
            ...keys(kinds).map(kindTable),
            ...keys(hostile).map(hostileTable),
            settingsTable(),
        ]);

        const redraw = () => drawings.forEach(drawing => drawing());
        redraw();
        addEventListener("resize", redraw);
        """#
}
