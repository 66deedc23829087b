//! Contractions: each invocation keeps a block of the result in registers.

use super::combine::combine;
use super::expr::{Place, emit as value};
use super::map::store;
use super::matrix::{multiply, unpad};
use super::operand::{Operand, operand_a, operand_b};
use super::source::{Form, Source, float};
use super::{Binding, Kernel, Temporary};
use crate::ir::DType;
use crate::plan::{Contract, Group};
use crate::schedule::{ContractSchedule, Limits, Padded, Path};
use alloc::{format, string::String, vec::Vec};
use homeostat_core::list::List;

/// Steps that are summed in one chain. A chain of n additions is off by about 0.4 sqrt(n) units in the last place of its largest
/// partial sum; the gate is at 16.8 units of the sum of the absolute terms.
const CHAIN: u32 = 128;

/// The main pass in the making.
pub(super) struct Main<'a> {
    pub source: Source,
    pub group: &'a Group,
    pub c: &'a Contract,
    pub s: &'a ContractSchedule,
    pub p: Padded,
    pub a: Operand,
    pub b: Operand,
    pub lanes: u32,
}

pub(super) fn emit(group: &Group, c: &Contract, s: &ContractSchedule, limits: &Limits) -> Kernel {
    let p = s.padded(c, limits);
    let mut kernel = Kernel { passes: Vec::new(), temporaries: Vec::new() };
    let mut source = Source::default();
    let a = operand_a(&mut source, &mut kernel, c, s, &p, limits);
    let b = operand_b(&mut source, &mut kernel, c, s, &p, limits);
    if s.path == Path::Matrix {
        let sums = kernel.temporaries.len();
        kernel
            .temporaries
            .push(Temporary::Buffer(4 * u64::from(c.matrices()) * u64::from(p.m) * u64::from(p.n)));
        kernel.passes.push(multiply(source, c, s, &p, [&a, &b], sums, batches(c)));
        kernel.passes.push(unpad(group, c, &p, sums, limits));
        return kernel;
    }
    let parts = (s.split > 1).then(|| {
        kernel.temporaries.push(Temporary::Buffer(4 * u64::from(s.split) * group.shape.elements()));
        kernel.temporaries.len() - 1
    });
    let mut main = Main { source, group, c, s, p, a, b, lanes: limits.subgroup.unwrap_or(8) };
    main.put(parts);
    main.places();
    if s.path.is_staged() {
        main.staged();
    } else {
        main.rows_and_columns();
        main.accumulators();
        main.loops();
    }
    main.results();
    kernel.passes.push(main.finish());
    if let Some(temporary) = parts {
        kernel.passes.push(combine(group, temporary, s.split, limits));
    }
    kernel
}

/// Which matrices of both operands batch `z` of the result is made of.
fn batches(c: &Contract) -> (String, String) {
    let mut below: u64 = 1;
    let (mut za, mut zb) = (Vec::new(), Vec::new());
    for batch in c.batch.iter().rev() {
        let index = format!("(z / {below}u % {}u)", batch.count);
        below *= u64::from(batch.count);
        za.push(format!("{index} * {}u", batch.step_a));
        zb.push(format!("{index} * {}u", batch.step_b));
    }
    let sum = |terms: Vec<String>| if terms.is_empty() { String::from("0u") } else { terms.join(" + ") };
    (sum(za), sum(zb))
}

impl Main<'_> {
    /// Numbers read at once.
    pub fn width(&self) -> u32 {
        self.s.path.width()
    }

    /// Columns that one accumulator holds: 1 where the second operand is turned.
    fn held(&self) -> u32 {
        if self.s.path == Path::Turned { 1 } else { self.width() }
    }

    /// Accumulators of a row.
    pub fn across(&self) -> u32 {
        self.s.tile.1 / self.held()
    }

    /// Elements between a lane's neighbouring accumulators.
    fn step(&self) -> u32 {
        let lanes = if self.s.lanes_on_rows { self.s.workgroup.1 } else { self.s.workgroup.0 };
        if self.s.spread { lanes * self.held() } else { self.held() }
    }

    /// The function that stores an accumulator: guards, epilogue, layout.
    fn put(&mut self, parts: Option<usize>) {
        let (c, group, held) = (self.c, self.group, self.held());
        let (m, n) = (c.m, c.n);
        let nchw = c.image.is_some_and(|i| !i.channels_last);
        let wide = held == 4 && n.is_multiple_of(4) && !nchw && group.shape.last().is_multiple_of(4);
        let width = if wide { 4 } else { 1 };
        let index = match &c.image {
            Some(i) if nchw => {
                let pixels = i.output[0] * i.output[1];
                format!(
                    "(row / {pixels}u * {}u + z * {n}u + col) * {pixels}u + row % {pixels}u",
                    i.groups * n
                )
            }
            Some(i) => format!("row * {}u + z * {n}u + col", i.groups * n),
            None => format!("(z * {m}u + row) * {n}u + col"),
        };
        let ty = float(width);
        let body = match parts {
            Some(t) => {
                let out = self.source.bind(Binding::TemporaryOut(t), Form::Buffer(DType::F32, width));
                let index = format!("part * {}u + {index}", group.shape.elements());
                format!("let o = {index}; {}", store(&out, DType::F32, width, "o", "x"))
            }
            None => {
                let out = self.source.bind(Binding::Output, Form::Buffer(group.dtype, width));
                let at = Place { over: &group.shape, index: "o", width, root: "x" };
                let y = value(&mut self.source, &group.epilogue, &at);
                format!("let o = {index}; {}", store(&out, group.dtype, width, "o", &y))
            }
        };
        let rows_inside = m.is_multiple_of(self.p.block_rows);
        let columns_inside = n.is_multiple_of(self.p.block_columns);
        let guard = match (rows_inside, columns_inside) {
            (true, true) => String::new(),
            (false, true) => format!("if (row >= {m}u) {{ return; }}"),
            (true, false) => format!("if (col >= {n}u) {{ return; }}"),
            (false, false) => format!("if (row >= {m}u || col >= {n}u) {{ return; }}"),
        };
        self.source
            .helper(format!("fn put(x: {ty}, row: u32, col: u32, z: u32, part: u32) {{ {guard} {body} }}\n"));
    }

    /// Where the invocation's block lies.
    fn places(&mut self) {
        let ((tm, tn), (x, y), path) = (self.s.tile, self.s.workgroup, self.s.path);
        let (block_rows, block_columns) = (self.p.block_rows, self.p.block_columns);
        let own = if self.s.spread { self.held() } else { tn };
        let local = if path.is_subgroup() {
            format!("let lid = vec2<u32>(li % {x}u, li / {x}u);")
        } else {
            String::from("let lid = local.xy;")
        };
        self.source.line(local);
        let (row_lane, column_lane, row_group, column_group) = if self.s.lanes_on_rows {
            ("lid.x", "lid.y", "wid.x", "wid.y")
        } else {
            ("lid.y", "lid.x", "wid.y", "wid.x")
        };
        debug_assert!(x * y > 0);
        self.source.line(format_args!(
            "let lr = {row_lane}; let lc = {column_lane}; let block_row = {row_group} * {block_rows}u; let block_col = {column_group} * {block_columns}u;\n\
             let row0 = block_row + lr * {tm}u; let col0 = block_col + lc * {own}u;\n\
             let part = wid.z % {split}u; let z = wid.z / {split}u;",
            split = self.s.split
        ));
        let (za, zb) = batches(self.c);
        self.source.line(format_args!("let za = {za}; let zb = {zb};"));
    }

    /// Elements at which a row of the first operand begins, for a row of the result.
    pub fn row_start(&self, row: &str) -> String {
        let (c, p) = (self.c, &self.p);
        if let Some(i) = &c.image {
            let [high, wide] = i.padded();
            let (pixels, ow) = (i.output[0] * i.output[1], i.output[1]);
            let depth = i.groups * p.channels;
            return format!(
                "((min({row}, {}u) / {pixels}u * {high}u + min({row}, {0}u) % {pixels}u / {ow}u * {}u) * {wide}u + min({row}, {0}u) % {ow}u * {}u) * {depth}u + za * {}u",
                c.m - 1,
                i.stride[0],
                i.stride[1],
                p.channels
            );
        }
        // Rows past the end of an operand that is not padded are read again, and not stored.
        let row = if self.a.high.is_multiple_of(p.block_rows) {
            String::from(row)
        } else {
            format!("min({row}, {}u)", self.a.high - 1)
        };
        format!("(za * {}u + {row}) * {}u", self.a.high, self.a.wide)
    }

    /// A column that the second operand has.
    pub fn column(&self, column: &str) -> String {
        let wide = if self.s.path == Path::Turned { self.b.high } else { self.b.wide };
        let whole = wide.is_multiple_of(self.p.block_columns);
        if whole { String::from(column) } else { format!("min({column}, {}u)", wide - self.held()) }
    }

    fn rows_and_columns(&mut self) {
        let (w, texture) = (self.width(), self.a.texture);
        for i in 0..self.s.tile.0 {
            let row = format!("(row0 + {i}u)");
            let text = if texture {
                let rows = self.a.high;
                format!("let ra{i} = za * {rows}u + min({row}, {}u);", rows - 1)
            } else {
                format!("let ra{i} = ({}) / {}u;", self.row_start(&row), self.a.width)
            };
            self.source.line(text);
        }
        for j in 0..self.across() {
            let column = self.column(&format!("(col0 + {}u)", j * self.step()));
            let text = if self.s.path == Path::Turned {
                format!("let cb{j} = (zb * {}u + {column}) * {}u / {w}u;", self.b.high, self.b.wide)
            } else if self.b.texture {
                format!("let cb{j} = {column} / {w}u;")
            } else {
                format!(
                    "let cb{j} = (zb * {}u + {column}) / {w}u;",
                    u64::from(self.b.high) * u64::from(self.b.wide)
                )
            };
            self.source.line(text);
        }
    }

    pub fn accumulators(&mut self) {
        let ty = float(self.held());
        for i in 0..self.s.tile.0 {
            for j in 0..self.across() {
                self.source.line(format_args!("var c{i}_{j} = {ty}();"));
            }
        }
        if self.is_long() {
            self.source.line(format_args!("var sums: array<{ty}, {}>;", self.s.tile.0 * self.across()));
        }
    }

    /// Whether a sum is so long that rounding would add up: its parts are summed on their own.
    fn is_long(&self) -> bool {
        self.p.k / self.s.split > CHAIN + CHAIN / 2
    }

    /// Ends a part of a long sum after step `k`, the first of `unroll` ones.
    pub fn part(&mut self, k: &str) {
        if !self.is_long() {
            return;
        }
        let (across, ty) = (self.across(), float(self.held()));
        self.source.line(format_args!("if (({k}) % {CHAIN}u == {}u) {{", CHAIN - self.p.unroll));
        for (i, j) in (0..self.s.tile.0 * across).map(|n| (n / across, n % across)) {
            self.source.line(format_args!("sums[{}] += c{i}_{j}; c{i}_{j} = {ty}();", i * across + j));
        }
        self.source.line("}");
    }

    /// The loops over the sum; `ka` is the place in a row of the first operand, `k` the row of the second.
    fn loops(&mut self) {
        let (unroll, rest) = (self.p.unroll, self.width());
        if let Some(i) = &self.c.image {
            let [_, wide] = i.padded();
            let (channels, depth) = (self.p.channels, i.groups * self.p.channels);
            let (h, w) = (i.size[0], i.size[1]);
            self.source.line(format_args!(
                "for (var t = 0u; t < {}u; t += 1u) {{ let tap = (t / {w}u * {}u * {wide}u + t % {w}u * {}u) * {depth}u;\n\
                 for (var ic = 0u; ic < {channels}u; ic += {unroll}u) {{ let k = t * {channels}u + ic; let ka = tap + ic;",
                h * w,
                i.dilation[0],
                i.dilation[1]
            ));
            self.steps(unroll);
            self.part("k");
            self.source.line("} }");
            return;
        }
        let span = self.p.k / self.s.split / unroll * unroll;
        if span > 0 {
            self.source.line(format_args!(
                "for (var q = 0u; q < {span}u; q += {unroll}u) {{ let k = part * {span}u + q; let ka = k;"
            ));
            self.steps(unroll);
            self.part("q");
            self.source.line("}");
        }
        // What is left where nothing was padded.
        if self.s.split == 1 && span < self.p.k {
            self.source
                .line(format_args!("for (var k = {span}u; k < {}u; k += {rest}u) {{ let ka = k;", self.p.k));
            self.steps(rest);
            self.source.line("}");
        }
    }

    fn load_a(&self, i: u32, at: &str) -> String {
        if self.a.texture {
            return format!("textureLoad({}, vec2<u32>({at}, ra{i}), 0)", self.a.name);
        }
        format!("{}({}[ra{i} + {at}])", float(self.a.width), self.a.name)
    }

    /// Four neighbours of row `k + step` of the second operand, or one.
    fn load_b(&self, j: u32, step: u32) -> String {
        if self.b.texture {
            return format!(
                "textureLoad({}, vec2<u32>(cb{j}, zb * {}u + k + {step}u), 0)",
                self.b.name, self.b.high
            );
        }
        let w = self.width();
        format!("{}({}[kb + cb{j} + {}u])", float(w), self.b.name, step * (self.b.wide / w))
    }

    /// `steps` steps of the sum.
    fn steps(&mut self, steps: u32) {
        let (tm, across, w) = (self.s.tile.0, self.across(), self.width());
        if !self.b.texture && self.s.path != Path::Turned {
            self.source.line(format_args!("let kb = k * {}u;", self.b.wide / w));
        }
        if self.s.path.is_subgroup() {
            for i in 0..tm {
                let a = self.load_a(i, "ka + lane");
                self.source.line(format_args!("let av{i} = {a};"));
            }
            for step in 0..steps {
                self.row_of_b(step);
                for i in 0..tm {
                    self.source.line(format_args!("let a{i}_{step} = subgroupBroadcast(av{i}, {step}u);"));
                    (0..across).for_each(|j| {
                        self.source.line(format_args!(
                            "c{i}_{j} = fma(vec4<f32>(a{i}_{step}), b{j}_{step}, c{i}_{j});"
                        ))
                    });
                }
            }
            return;
        }
        if w == 1 {
            for step in 0..steps {
                self.row_of_b(step);
                for i in 0..tm {
                    let a = self.load_a(i, &format!("ka + {step}u"));
                    self.source.line(format_args!("let a{i}_{step} = {a};"));
                    (0..across).for_each(|j| {
                        self.source.line(format_args!("c{i}_{j} = fma(a{i}_{step}, b{j}_{step}, c{i}_{j});"))
                    });
                }
            }
            return;
        }
        for four in 0..steps / 4 {
            for i in 0..tm {
                let a = self.load_a(i, &format!("ka / 4u + {four}u"));
                self.source.line(format_args!("let a{i}_{four} = {a};"));
            }
            if self.s.path == Path::Turned {
                for j in 0..across {
                    self.source.line(format_args!(
                        "let b{j}_{four} = vec4<f32>({}[cb{j} + k / 4u + {four}u]);",
                        self.b.name
                    ));
                    (0..tm).for_each(|i| {
                        self.source.line(format_args!("c{i}_{j} += dot(a{i}_{four}, b{j}_{four});"))
                    });
                }
                continue;
            }
            for q in 0..4 {
                let step = four * 4 + q;
                self.row_of_b(step);
                self.multiply(&format!("_{four}.{}", ["x", "y", "z", "w"][q as usize]), step);
            }
        }
    }

    fn row_of_b(&mut self, step: u32) {
        for j in 0..self.across() {
            let b = self.load_b(j, step);
            self.source.line(format_args!("let b{j}_{step} = {b};"));
        }
    }

    /// One step of the sum, from the named part of each row.
    pub fn multiply(&mut self, part: &str, step: u32) {
        for i in 0..self.s.tile.0 {
            for j in 0..self.across() {
                self.source
                    .line(format_args!("c{i}_{j} = fma(vec4<f32>(a{i}{part}), b{j}_{step}, c{i}_{j});"));
            }
        }
    }

    fn results(&mut self) {
        // An accumulator of four is stored at once, or number by number where the layout has them apart.
        let (held, step) = (self.held(), self.step());
        let nchw = self.c.image.is_some_and(|i| !i.channels_last);
        let at_once =
            held == 1 || self.c.n.is_multiple_of(4) && !nchw && self.group.shape.last().is_multiple_of(4);
        if self.is_long() {
            let across = self.across();
            for (i, j) in (0..self.s.tile.0 * across).map(|n| (n / across, n % across)) {
                self.source.line(format_args!("c{i}_{j} += sums[{}];", i * across + j));
            }
        }
        for i in 0..self.s.tile.0 {
            for j in 0..self.across() {
                let text = if at_once {
                    format!("put(c{i}_{j}, row0 + {i}u, col0 + {}u, z, part);", j * step)
                } else {
                    let lane = |q: u32| {
                        format!(
                            "put(c{i}_{j}.{}, row0 + {i}u, col0 + {}u, z, part);",
                            ["x", "y", "z", "w"][q as usize],
                            j * step + q
                        )
                    };
                    (0..4).map(lane).listed().join(" ")
                };
                self.source.line(text);
            }
        }
    }

    fn finish(mut self) -> super::Pass {
        let (x, y) = self.s.workgroup;
        let plain = "@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>, @builtin(local_invocation_index) li: u32";
        if self.s.path.is_subgroup() {
            self.source.subgroups = true;
            debug_assert!(self.lanes > 0);
            // `subgroup_invocation_id` needs a workgroup of one dimension.
            return self.source.finish(
                [x * y, 1, 1],
                &format!("{plain}, @builtin(subgroup_invocation_id) lane: u32"),
                self.p.grid,
            );
        }
        self.source.finish([x, y, 1], plain, self.p.grid)
    }
}
