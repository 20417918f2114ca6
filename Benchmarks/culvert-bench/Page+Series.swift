extension Page {
    /// The third part of the program: what the runs hold, as series of points.
    static let series = #"""
        // MARK: What the runs hold

        const list = value => Array.isArray(value) ? value : [];
        const settings = run => run.figures.settings ?? {};
        const scenario = run => settings(run).scenario ?? "a run";
        const stretches = run => list(run.figures.stretches);
        const named = (run, name) => stretches(run).find(stretch => stretch.name === name);
        // The part of the run that its main figures are of.
        const principal = run => stretches(run).at(scenario(run) === "hold" ? 0 : -1);
        const each = (of, name) => run => {
            const stretch = of(run);
            const isCounted = stretch?.seconds > 0 && stretch.unit !== "second";
            return isCounted ? stretch[name] / stretch.seconds : null;
        };
        // All names that any run has, in their order.
        const union = of => [...new Set(runs.flatMap(of))];
        const keys = of => union(run => Object.keys(of(run) ?? {}));
        const faults = run => list(run.figures.failures);

        const timeNames = {
            message: "Message", message_beside: "Message, beside hostile clients", setup: "Set-up",
            tunnel: "Tunnel", late_start: "Late start",
        };
        const general = Object.entries(timeNames)
            .map(([name, title]) => [title, run => run.figures.nanoseconds?.[name]]);
        const kinds = run => run.figures.kinds;
        const hostile = run => run.figures.hostile;
        const ofKinds = keys(kinds).flatMap(kind => ["message", "setup", "tunnel"].map(name =>
            [`${timeNames[name]}, ${kind}`, run => kinds(run)?.[kind]?.[name]]));
        const ofHostile = keys(hostile).map(kind =>
            [`Hostile client until its end, ${kind}`, run => hostile(run)?.[kind]?.life]);

        // MARK: Latency

        // Times as steps over log10(1 / (1 - share)), where each nine has as much room.
        const quantiles = (run, times, isDashed = false) => {
            const buckets = list(times?.buckets);
            const total = buckets.reduce((sum, bucket) => sum + bucket[1], 0);
            let seen = 0;
            const points = buckets.map(([value, count]) => {
                seen += count;
                return [Math.log10(total / Math.max(total - seen, 0.7)), value];
            });
            const name = isDashed ? `${run.name}, beside hostile clients` : run.name;
            return { run, name, isDashed, start: 0, points, isStep: true };
        };
        const percent = place => {
            const share = (1 - 10 ** -place) * 100;
            return `${share.toFixed(Math.max(0, Math.ceil(place - 1e-9) - 2))} %`;
        };
        const latency = (name, all) => {
            const title = `${name}: time by percentile`;
            const series = all.filter(one => one.points.length > 0);
            if (series.length === 0) return null;
            const [low, most] = extent(series.flatMap(one => one.points.map(point => point[1])));
            const high = extent(series.map(one => one.points.at(-1)[0]))[1];
            const nines = [0, Math.log10(2), 1, 2, 3, 4, 5, 6, 7, 8].filter(nine => nine < high);
            const ticks = nines.map(place => [place, percent(place)]);
            const x = () => ({ low: 0, high, ticks, show: percent, place: value => value / high });
            const isWide = low > 0 && most > 10 * low;
            const y = isWide ? logarithmic(low, most, time) : widened(0, most, time);
            return plot({ title, series, x, y, show: time, xName: "percentile" });
        };

        // MARK: Over time

        // Readings of a run in their order, not too close together for a rate, a thousand at most.
        const moments = run => {
            const ends = stretches(run).flatMap(stretch => [stretch.before, stretch.after]);
            const all = [...list(run.figures.samples), ...ends]
                .filter(moment => isNumber(moment?.seconds))
                .sort((one, other) => one.seconds - other.seconds);
            if (all.length === 0) return [];
            const [first, last] = [all[0], all.at(-1)];
            const least = Math.max(0.1, (last.seconds - first.seconds) / 1000);
            const kept = [first];
            for (const moment of all)
                if (moment.seconds - kept.at(-1).seconds >= least) kept.push(moment);
            if (kept.length > 1) kept.pop();
            if (last.seconds > kept.at(-1).seconds) kept.push(last);
            return kept;
        };
        const readings = runs.map(moments);
        const less = (one, other) => isNumber(one) && isNumber(other) ? one - other : null;

        // What is plotted of a reading, given the one before it and the first.
        const level = of => now => of(now);
        const growth = of => (now, _, first) => less(of(now), of(first));
        const speed = of => (now, before) => {
            const gain = before ? less(of(now), of(before)) : null;
            return gain === null ? null : gain / (now.seconds - before.seconds);
        };

        // `isStep` says whether a point is about the time since the one before.
        const course = (title, of, show, isStep, stepOf) => {
            const series = runs.map(run => {
                const all = readings[run.index];
                const points = all
                    .map((now, index) => [now.seconds, of(now, all[index - 1], all[0])])
                    .filter(point => isNumber(point[1]));
                return { run, name: run.name, start: all[0]?.seconds, isStep, points };
            }).filter(one => one.points.length > 0);
            const points = series.flatMap(one => one.points);
            if (points.every(point => point[1] === 0)) return null;
            const [low, high] = extent([0, ...points.map(point => point[1])]);
            const y = widened(low, high, show, stepOf);
            const [begin, end] = extent([
                ...series.map(one => one.start), ...points.map(point => point[0]),
            ]);
            const x = most => ({
                ...linear(begin, end, decimal(begin, end, most), seconds), show: seconds,
            });
            const marks = runs.length > 1 ? [] : stretches(runs[0])
                .map(stretch => [stretch.before.seconds, stretch.name]);
            const xName = "time since the measuring began";
            return plot({ title, series, x, y, show, marks, xName });
        };
        const perSecond = (title, of) => course(title, speed(of), rate, true);
        const amount = (title, of, kind = level) => course(title, kind(of), bytes, false, binary);
        const coresOf = now =>
            isNumber(now.process_threads) ? now.process_cpu_nanoseconds / 1e9 : null;
        const dataOf = now => less(now.bytes_down, -now.bytes_up);

        const courses = {
            messages: () => perSecond("Messages a second", now => now.messages),
            opened: () => perSecond("Tunnels opened a second", now => now.established),
            ended: () => perSecond("Tunnels ended well a second", now => now.finished),
            data: () => course("Data a second, both ways", speed(dataOf), bytes, true, binary),
            alive: () => course("Tunnels at once", level(now => now.alive), count, false),
        };
        const throughputs = {
            verify: ["ended", "data"], hold: ["opened", "alive"], rate: ["ended"],
            echo: ["messages"], bulk: ["data"], hostile: ["messages"],
            mix: ["messages", "ended", "data", "alive"],
        };
        """#
}
