//! Contractions whose operands are staged in workgroup memory: all invocations of a workgroup load a slab of both operands, and
//! each computes from there. With `ahead`, there are two slabs: the next one is loaded while the present one is used.

use super::contract::Main;
use super::source::float;
use alloc::{format, string::String};

impl Main<'_> {
    /// Fours of the slab of the first operand, and of the second.
    fn slabs(&self) -> (u32, u32) {
        let fours = self.p.unroll / 4;
        (self.p.block_rows * fours, self.p.block_columns / 4 * self.p.unroll)
    }

    pub(super) fn staged(&mut self) {
        let (slab_a, slab_b) = self.slabs();
        let copies = if self.s.path.is_ahead() { 2 } else { 1 };
        let (ta, tb) = (self.c.a.dtype, self.c.b.dtype);
        self.source.declare(&format!(
            "var<workgroup> sa: array<vec4<{ta}>, {}>;\nvar<workgroup> sb: array<vec4<{tb}>, {}>;",
            slab_a * copies,
            slab_b * copies
        ));
        self.sources();
        self.accumulators();
        let unroll = self.p.unroll;
        let iterations = self.p.k / self.s.split / unroll;
        if self.s.path.is_ahead() {
            self.source.line(format_args!("let first = part * {}u;\n{{ let k = first;", iterations * unroll));
            self.addresses();
            self.load();
            self.keep("0u", "0u");
            self.source.line(format_args!(
                "}}\nworkgroupBarrier();\nfor (var q = 0u; q < {iterations}u; q += 1u) {{"
            ));
            // The last slab is loaded once more, and not used.
            self.source.line(format_args!(
                "let k = first + min(q + 1u, {}u) * {unroll}u; let now = q % 2u; let next = 1u - now;",
                iterations - 1
            ));
            self.addresses();
            self.load();
            self.compute(&format!("now * {slab_a}u"), &format!("now * {slab_b}u"));
            self.part(&format!("q * {unroll}u"));
            self.keep(&format!("next * {slab_a}u"), &format!("next * {slab_b}u"));
            self.source.line("workgroupBarrier();\n}");
        } else {
            self.source.line(format_args!("for (var q = 0u; q < {iterations}u; q += 1u) {{ let k = (part * {iterations}u + q) * {unroll}u;"));
            self.addresses();
            self.load();
            self.keep("0u", "0u");
            self.source.line("workgroupBarrier();");
            self.compute("0u", "0u");
            self.part(&format!("q * {unroll}u"));
            self.source.line("workgroupBarrier();\n}");
        }
    }

    /// How many fours of a slab an invocation loads, and whether the last one is only some invocations'.
    fn share(&self, slab: u32) -> (u32, bool) {
        let invocations = self.s.workgroup.0 * self.s.workgroup.1;
        (slab.div_ceil(invocations), !slab.is_multiple_of(invocations))
    }

    /// What of an invocation's loads does not depend on the step.
    fn sources(&mut self) {
        let (slab_a, slab_b) = self.slabs();
        let (fours, columns) = (self.p.unroll / 4, self.p.block_columns / 4);
        let invocations = self.s.workgroup.0 * self.s.workgroup.1;
        for t in 0..self.share(slab_a).0 {
            self.source.line(format_args!("let ea{t} = min(li + {}u, {}u);", t * invocations, slab_a - 1));
            let start = self.row_start(&format!("(block_row + ea{t} / {fours}u)"));
            self.source.line(format_args!("let pa{t} = ({start}) / 4u + ea{t} % {fours}u;"));
        }
        for t in 0..self.share(slab_b).0 {
            self.source.line(format_args!("let eb{t} = min(li + {}u, {}u);", t * invocations, slab_b - 1));
            let column = self.column(&format!("(block_col + eb{t} % {columns}u * 4u)"));
            let wide = self.b.wide;
            self.source.line(format_args!(
                "let pb{t} = (zb * {}u + {column}) / 4u + eb{t} / {columns}u * {}u;",
                u64::from(self.b.high) * u64::from(wide),
                wide / 4
            ));
        }
    }

    /// `ka` is the place in a row of the first operand for step `k`.
    fn addresses(&mut self) {
        let text = match &self.c.image {
            Some(i) => {
                let [_, wide] = i.padded();
                let (channels, w) = (self.p.channels, i.size[1]);
                format!(
                    "let t = k / {channels}u; let ka = (t / {w}u * {}u * {wide}u + t % {w}u * {}u) * {}u + k % {channels}u;",
                    i.dilation[0],
                    i.dilation[1],
                    i.groups * channels
                )
            }
            None => String::from("let ka = k;"),
        };
        self.source.line(text);
    }

    fn load(&mut self) {
        let (slab_a, slab_b) = self.slabs();
        for t in 0..self.share(slab_a).0 {
            self.source.line(format_args!("let va{t} = {}[pa{t} + ka / 4u];", self.a.name));
        }
        for t in 0..self.share(slab_b).0 {
            self.source.line(format_args!("let vb{t} = {}[pb{t} + k * {}u];", self.b.name, self.b.wide / 4));
        }
    }

    fn keep(&mut self, at_a: &str, at_b: &str) {
        let (slab_a, slab_b) = self.slabs();
        // Where slabs are not whole, the last invocations write the same number to the same place.
        for t in 0..self.share(slab_a).0 {
            self.source.line(format_args!("sa[{at_a} + ea{t}] = va{t};"));
        }
        for t in 0..self.share(slab_b).0 {
            self.source.line(format_args!("sb[{at_b} + eb{t}] = vb{t};"));
        }
    }

    fn compute(&mut self, at_a: &str, at_b: &str) {
        let (tm, tn) = self.s.tile;
        let (fours, columns) = (self.p.unroll / 4, self.p.block_columns / 4);
        let lanes = if self.s.lanes_on_rows { self.s.workgroup.1 } else { self.s.workgroup.0 };
        let (first, step) =
            if self.s.spread { (String::from("lc"), lanes) } else { (format!("lc * {}u", tn / 4), 1) };
        let four = float(4);
        self.source.line("{");
        for f in 0..fours {
            for i in 0..tm {
                self.source.line(format_args!(
                    "let a{i}_{f} = {four}(sa[{at_a} + (lr * {tm}u + {i}u) * {fours}u + {f}u]);"
                ));
            }
            for q in 0..4 {
                let k = f * 4 + q;
                for j in 0..self.across() {
                    self.source.line(format_args!(
                        "let b{j}_{k} = {four}(sb[{at_b} + {}u + {first} + {}u]);",
                        k * columns,
                        j * step
                    ));
                }
                self.multiply(&format!("_{f}.{}", ["x", "y", "z", "w"][q as usize]), k);
            }
        }
        self.source.line("}");
    }
}
