extension Page {
    /// The first part of the program of the page: the runs, numbers, elements and tables.
    static let tables = #"""
        addEventListener("error", event => {
            document.querySelector("header").append(`This page can't be drawn: ${event.message}`);
        });

        // Whatever comes from the runs goes to the page as text.
        const runs = [...document.querySelectorAll("script.run")].map((element, index) => ({
            index,
            name: element.dataset.name,
            figures: JSON.parse(element.textContent),
            colour: `var(--run-${index % 8})`,
            dash: index < 8 ? "" : "10 4",
        }));

        // MARK: Numbers

        const isNumber = value => typeof value === "number" && Number.isFinite(value);
        const digits = value => Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
        const scaled = (...steps) => value => {
            const [size, unit] = steps.find(step => Math.abs(value) >= step[0]) ?? steps.at(-1);
            return `${(value / size).toFixed(digits(value / size))}${unit && `\u00a0${unit}`}`;
        };
        const time = scaled([1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]);
        const bytes = scaled([2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"], [1, "B"]);
        const rate = scaled([1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""]);
        const count = value => value.toLocaleString("en-US", { maximumFractionDigits: 2 });
        const seconds = value => `${value.toFixed(digits(value))}\u00a0s`;
        const trimmed = show => value =>
            show(value).replace(/(\.\d*?)0+(?=\D|$)/, (_, kept) => kept === "." ? "" : kept);

        // MARK: Elements

        const isThere = value => (value ?? null) !== null;
        const fill = (element, attributes, children) => {
            for (const [name, value] of Object.entries(attributes))
                element.setAttribute(name, value);
            element.append(...children.filter(isThere));
            return element;
        };
        const make = (name, attributes = {}, ...children) =>
            fill(document.createElement(name), attributes, children);
        const draw = (name, attributes, ...children) => {
            const element = document.createElementNS("http://www.w3.org/2000/svg", name);
            return fill(element, attributes, children);
        };
        const swatch = (run, isDashed = false) => make("span", {
            class: isDashed || run.dash ? "swatch dashed" : "swatch",
            style: `border-color: ${run.colour}`,
        });

        // A heading and what stands below it, side by side where each has `least` rem.
        const section = (title, least, parts) => {
            const filled = parts.filter(isThere);
            if (filled.length === 0) return;
            const grid = make("div", { class: "grid", style: `--least: ${least}rem` }, ...filled);
            const whole = make("section", {}, make("h2", {}, title), grid);
            document.querySelector("main").append(whole);
        };

        // MARK: Tables

        // A name, what each run has there, and how a number is shown.
        const row = (name, of, show = count, more = {}) =>
            ({ name, show, ...more, values: runs.map(run => of(run) ?? null) });

        // What a number is of the first run's.
        const ratio = (row, index) => {
            const [first, own] = [row.values[0], row.values[index]];
            if (index === 0 || !row.isCompared || !isNumber(own) || !(first > 0)) return null;
            return make("small", {}, `×\u00a0${(own / first).toFixed(2)}`);
        };
        const cell = (row, index) => {
            const value = row.values[index];
            const shown = isNumber(value) ? row.show(value, runs[index]) : String(value ?? "–");
            const isBad = row.isFault && value !== null && value !== 0;
            return make("td", isBad ? { class: "bad" } : {}, shown, ratio(row, index));
        };
        const table = (title, rows, name = "card scroll") => {
            const filled = rows.filter(row => row.values.some(value => value !== null));
            if (filled.length === 0) return null;
            const names = runs.map(run => make("th", { scope: "col" }, swatch(run), run.name));
            const head = make("thead", {}, make("tr", {}, make("td"), ...names));
            const body = make("tbody", {}, ...filled.map(row => make(
                "tr",
                row.isMarked ? { class: "marked" } : {},
                make("th", { scope: "row" }, row.name),
                ...runs.map(run => cell(row, run.index)),
            )));
            const caption = title ? make("caption", {}, title) : null;
            const whole = make("table", {}, caption, runs.length > 1 ? head : null, body);
            return make("div", { class: name }, whole);
        };
        """#
}
