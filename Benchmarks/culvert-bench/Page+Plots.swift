extension Page {
    /// The second part of the program: axes and plots.
    static let plots = #"""
        // MARK: Axes

        const extent = values => values.reduce(
            ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
            [Infinity, -Infinity],
        );

        // Round steps from `low` to `high`, `most` of them at most.
        const decimal = (low, high, most) => {
            const least = (high - low) / most || 1;
            const power = 10 ** Math.floor(Math.log10(least));
            return [1, 2, 5, 10].find(factor => factor * power >= least * 0.999) * power;
        };
        const binary = (low, high, most) => 2 ** Math.ceil(Math.log2((high - low) / most || 1));

        const linear = (low, high, step, show) => {
            const ticks = [];
            for (let index = Math.ceil(low / step); index * step <= high + step / 1e6; index += 1)
                ticks.push([index * step, index === 0 ? "0" : trimmed(show)(index * step)]);
            return { low, high, ticks, place: value => (value - low) / (high - low || 1) };
        };

        // From a step below `low` to one above `high`.
        const widened = (low, high, show, stepOf = decimal) => {
            const step = stepOf(low, high, 5);
            return linear(Math.floor(low / step) * step, Math.ceil(high / step) * step, step, show);
        };

        // By powers of ten, with steps of 1, 2 and 5 where there is room.
        const logarithmic = (low, high, show) => {
            const values = [];
            for (let power = Math.floor(Math.log10(low)); 10 ** power < high * 10; power += 1)
                values.push(...[1, 2, 5].map(factor => factor * 10 ** power));
            const first = values.findLastIndex(value => value <= low * 1.001);
            const inside = values.slice(first, values.findIndex(value => value >= high) + 1);
            const [from, to] = [inside[0], inside.at(-1)].map(Math.log10);
            const isShort = inside.length < 10;
            const ticks = inside.filter((_, index) => isShort || (first + index) % 3 === 0);
            return {
                ticks: ticks.map(value => [value, trimmed(show)(value)]),
                place: value => (Math.log10(value) - from) / (to - from || 1),
            };
        };

        // MARK: Drawing

        const [top, right, bottom, left] = [20, 16, 40, 66];

        // A step has its value since the end of the one before.
        const pathOf = ({ start, points, isStep }, across, down) => {
            const spot = ([x, y]) => `${across(x).toFixed(1)},${down(y).toFixed(1)}`;
            if (!isStep) return `M${points.map(spot).join("L")}`;
            const steps = points.map(([x, y]) => `V${down(y).toFixed(1)}H${across(x).toFixed(1)}`);
            return `M${spot([start, points[0][1]])}${steps.join("")}`;
        };
        const curve = (one, across, down) => draw(
            "path",
            {
                class: "series", "data-run": one.run.index, d: pathOf(one, across, down),
                style: `stroke: ${one.run.colour}`,
                "stroke-dasharray": one.isDashed ? "3 3" : one.run.dash,
            },
            draw("title", {}, one.name),
        );

        // The lines and names of both axes; a name that would touch the one before is left out.
        const frame = (plot, x, across, down, width, height) => {
            const parts = [];
            const line = (x1, y1, x2, y2, name) =>
                parts.push(draw("line", { class: name, x1, y1, x2, y2 }));
            const text = (x, y, anchor, words) =>
                parts.push(draw("text", { x, y, "text-anchor": anchor }, words));
            for (const [value, words] of plot.y.ticks) {
                line(left, down(value), width - right, down(value), "line");
                text(left - 6, down(value) + 4, "end", words);
            }
            let free = 0;
            for (const [value, words] of x.ticks) {
                const [middle, half] = [across(value), words.length * 3.4];
                line(middle, top, middle, height - bottom, "line");
                if (middle - half < free || middle + half > width) continue;
                text(middle, height - bottom + 16, "middle", words);
                free = middle + half + 8;
            }
            text((left + width - right) / 2, height - 6, "middle", plot.xName);
            free = 0;
            for (const [value, words] of plot.marks ?? []) {
                const end = across(value) + words.length * 6.8;
                line(across(value), top, across(value), height - bottom, "mark");
                if (across(value) < free || end > width) continue;
                text(across(value) + 2, top - 6, "start", words);
                free = end + 8;
            }
            return parts;
        };

        // Tells beside each series what it has at `at`.
        const read = (plot, outputs, at) => {
            outputs[0].textContent = at === null ? "" : `at ${plot.x(5).show(at)}`;
            for (const [index, { points, start }] of plot.series.entries()) {
                const isInside = at !== null && at >= start;
                const point = isInside ? points.find(point => point[0] >= at) : undefined;
                outputs[index + 1].textContent = point ? plot.show(point[1]) : "";
            }
        };

        const drawing = (plot, figure) => {
            const width = figure.clientWidth - 2 * parseFloat(getComputedStyle(figure).paddingLeft);
            const height = Math.min(300, Math.max(220, width * 0.6));
            const [inner, x] = [width - left - right, plot.x(Math.max(3, Math.floor(width / 90)))];
            const across = value => left + x.place(value) * inner;
            const down = value => height - bottom - plot.y.place(value) * (height - top - bottom);
            const cursor = draw("line", { class: "cursor", y1: top, y2: height - bottom });
            const label = `${plot.title}: ${plot.series.map(one => one.name).join(", ")}`;
            const box = { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label };
            const svg = draw(
                "svg", { class: "plot", ...box }, ...frame(plot, x, across, down, width, height),
                ...plot.series.map(one => curve(one, across, down)), cursor,
            );
            const outputs = figure.querySelectorAll("output");
            const point = event => {
                const area = svg.getBoundingClientRect();
                const spot = (event.clientX - area.left) / area.width * width;
                const share = Math.min(1, Math.max(0, (spot - left) / inner));
                read(plot, outputs, x.low + share * (x.high - x.low));
                for (const end of ["x1", "x2"]) cursor.setAttribute(end, left + share * inner);
                cursor.style.visibility = "visible";
            };
            svg.addEventListener("pointermove", point);
            svg.addEventListener("pointerdown", point);
            svg.addEventListener("pointerleave", () => {
                read(plot, outputs, null);
                cursor.style.visibility = "hidden";
            });
            return svg;
        };

        const drawings = [];
        const plot = parts => {
            const names = parts.series.map(one => make(
                "li", {}, swatch(one.run, one.isDashed), one.name, " ", make("output"),
            ));
            const place = make("output", { class: "soft" });
            const title = make("figcaption", {}, parts.title, " ", place);
            const figure = make("figure", { class: "card" }, title, make("ul", {}, ...names));
            drawings.push(() => {
                figure.querySelector("svg")?.remove();
                figure.append(drawing(parts, figure));
            });
            return figure;
        };
        """#
}
