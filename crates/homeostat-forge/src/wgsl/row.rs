//! Rows: reductions, softmax, norms.

use super::expr::{Place, emit as value};
use super::map::store;
use super::source::{Form, Source, float, linear_grid};
use super::{Binding, Kernel};
use crate::ir::Reduction;
use crate::plan::{Group, Row, RowKind};
use crate::schedule::{Folding, Limits, RowSchedule};
use alloc::{format, string::String, vec::Vec};

/// Steps that are summed in one chain, for the same reason as in contractions.
const CHAIN: u32 = 128;

struct Rows<'a> {
    source: Source,
    group: &'a Group,
    row: &'a Row,
    s: &'a RowSchedule,
}

pub(super) fn emit(group: &Group, row: &Row, s: &RowSchedule, limits: &Limits) -> Kernel {
    let groups = row.rows().div_ceil(s.rows);
    let (grid, number) = linear_grid(u64::from(groups), limits.groups);
    let mut rows = Rows { source: Source::default(), group, row, s };
    let (lane, line) = if s.lanes_on_rows { ("lid.y", "lid.x") } else { ("lid.x", "lid.y") };
    let inner = row.inner;
    // Rows past the end compute the last one again: barriers want everyone.
    rows.source.line(format_args!(
        "let asked = {number} * {}u + {line}; let row = min(asked, {}u); let t = {lane}; let si = {line} * {}u;\n\
         let base = row / {inner}u * {}u + row % {inner}u;",
        s.rows,
        row.rows() - 1,
        s.threads,
        u64::from(row.len) * u64::from(inner)
    ));
    if s.threads > 1 && s.folding != Folding::Subgroup {
        rows.source.declare(&format!("var<workgroup> sa: array<f32, {}>;", s.threads * s.rows));
    }
    rows.source.subgroups = s.threads > 1 && s.folding == Folding::Subgroup;
    match row.kind {
        RowKind::Reduce(kind) => rows.reduce(kind),
        RowKind::Softmax => rows.softmax(),
        RowKind::LayerNorm { epsilon } => rows.norm(epsilon, true),
        RowKind::RmsNorm { epsilon } => rows.norm(epsilon, false),
    }
    let (x, y) = if s.lanes_on_rows { (s.rows, s.threads) } else { (s.threads, s.rows) };
    let builtins = "@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>";
    Kernel { passes: Vec::from([rows.source.finish([x, y, 1], builtins, grid)]), temporaries: Vec::new() }
}

impl Rows<'_> {
    /// All of the row, each invocation its share: `body` sees the element `x` at place `e` of the row and `o` of the tensor.
    fn each(&mut self, body: &str) {
        self.each_in_parts(body, "");
    }

    /// The same, with `part` after every stretch of a long share: sums of parts are more exact than one long sum.
    fn each_in_parts(&mut self, body: &str, part: &str) {
        let (s, inner) = (self.s, self.row.inner);
        let steps = self.row.len / s.width;
        let stride = s.threads * s.unroll;
        let whole = steps / stride * stride;
        let at = Place { over: &self.row.shape, index: "o", width: s.width, root: "0.0" };
        let x = value(&mut self.source, &self.row.input, &at);
        let one = |place: String| {
            format!(
                "{{ let e = ({place}) * {}u; let o = base + e * {inner}u; let x = {x}; {body} }}",
                s.width
            )
        };
        let stretch = CHAIN / s.unroll * stride;
        let parts = !part.is_empty() && whole > stretch;
        if whole > 0 {
            if parts {
                self.source.line(format_args!(
                    "for (var first = 0u; first < {whole}u; first += {stretch}u) {{ let end = min(first + {stretch}u, {whole}u);\n\
                     for (var i = first + t; i < end; i += {stride}u) {{"
                ));
            } else {
                self.source.line(format_args!("for (var i = t; i < {whole}u; i += {stride}u) {{"));
            }
            for q in 0..s.unroll {
                self.source.line(one(format!("i + {}u", q * s.threads)));
            }
            self.source.line(if parts { format!("}} {part} }}") } else { String::from("}") });
        }
        if whole < steps {
            self.source
                .line(format_args!("for (var i = {whole}u + t; i < {steps}u; i += {}u) {{", s.threads));
            self.source.line(one(String::from("i")));
            self.source.line("}");
        }
    }

    /// The sum of `term` over the row, in the variable `name`, this invocation's share of it.
    fn sum(&mut self, name: &str, term: &str) {
        let ty = float(self.s.width);
        self.source.line(format_args!("var {name}_part = {ty}(0.0); var {name}_all = {ty}(0.0);"));
        self.each_in_parts(
            &format!("{name}_part += {term};"),
            &format!("{name}_all += {name}_part; {name}_part = {ty}(0.0);"),
        );
        self.source.line(format_args!("let {name} = {name}_all + {name}_part;"));
    }

    /// The parts of a wide number folded.
    fn across(&self, name: &str, kind: Reduction) -> String {
        if self.s.width == 1 {
            return String::from(name);
        }
        match kind {
            Reduction::Max => format!("max(max({name}.x, {name}.y), max({name}.z, {name}.w))"),
            Reduction::Min => format!("min(min({name}.x, {name}.y), min({name}.z, {name}.w))"),
            Reduction::Sum | Reduction::Mean => format!("({name}.x + {name}.y + {name}.z + {name}.w)"),
        }
    }

    /// Folds the variable `name` over the invocations of a row; all of them have the result.
    fn fold(&mut self, name: &str, kind: Reduction) {
        let threads = self.s.threads;
        if threads == 1 {
            return;
        }
        let two = |a: &str, b: &str| match kind {
            Reduction::Max => format!("max({a}, {b})"),
            Reduction::Min => format!("min({a}, {b})"),
            Reduction::Sum | Reduction::Mean => format!("{a} + {b}"),
        };
        match self.s.folding {
            Folding::Subgroup => {
                let operation = match kind {
                    Reduction::Max => "subgroupMax",
                    Reduction::Min => "subgroupMin",
                    Reduction::Sum | Reduction::Mean => "subgroupAdd",
                };
                self.source.line(format_args!("{name} = {operation}({name});"));
            }
            Folding::Serial => self.source.line(format_args!(
                "sa[si + t] = {name}; workgroupBarrier();\n{{ var q = sa[si]; for (var j = 1u; j < {threads}u; j++) {{ q = {}; }} {name} = q; }} workgroupBarrier();",
                two("q", "sa[si + j]")
            )),
            Folding::Tree => {
                self.source.line(format_args!("sa[si + t] = {name}; workgroupBarrier();"));
                let mut half = threads / 2;
                while half > 0 {
                    let folded = two("sa[si + t]", &format!("sa[si + t + {half}u]"));
                    self.source.line(format_args!("if (t < {half}u) {{ sa[si + t] = {folded}; }} workgroupBarrier();"));
                    half /= 2;
                }
                self.source.line(format_args!("{name} = sa[si]; workgroupBarrier();"));
            }
        }
    }

    /// Statements that store `y`, computed at `o`.
    fn stored(&mut self, y: &str) -> String {
        let width = self.s.width;
        let out = self.source.bind(Binding::Output, Form::Buffer(self.group.dtype, width));
        let at = Place { over: &self.group.shape, index: "o", width, root: "y" };
        let result = value(&mut self.source, &self.group.epilogue, &at);
        let store = store(&out, self.group.dtype, width, "o", &result);
        let guard = if self.row.rows().is_multiple_of(self.s.rows) {
            String::from("{")
        } else {
            String::from("if (asked == row) {")
        };
        format!("{guard} let y = {y}; {store} }}")
    }

    fn reduce(&mut self, kind: Reduction) {
        let ty = float(self.s.width);
        let (start, step) = match kind {
            Reduction::Max => ("-3.4028234e38", "max(acc, x)"),
            Reduction::Min => ("3.4028234e38", "min(acc, x)"),
            Reduction::Sum | Reduction::Mean => ("0.0", "x"),
        };
        if matches!(kind, Reduction::Sum | Reduction::Mean) {
            self.sum("acc", "x");
        } else {
            self.source.line(format_args!("var acc = {ty}({start});"));
            self.each(&format!("acc = {step};"));
        }
        let folded = self.across("acc", kind);
        self.source.line(format_args!("var total = {folded};"));
        self.fold("total", kind);
        let y = if kind == Reduction::Mean {
            format!("total / {}.0", self.row.len)
        } else {
            String::from("total")
        };
        let out = self.source.bind(Binding::Output, Form::Buffer(self.group.dtype, 1));
        let at = Place { over: &self.group.shape, index: "o", width: 1, root: "y" };
        let result = value(&mut self.source, &self.group.epilogue, &at);
        let store = store(&out, self.group.dtype, 1, "o", &result);
        self.source
            .line(format_args!("if (asked == row && t == 0u) {{ let o = row; let y = {y}; {store} }}"));
    }

    fn softmax(&mut self) {
        let ty = float(self.s.width);
        self.source.line(format_args!("var most = {ty}(-3.4028234e38);"));
        if self.s.online {
            self.source.line(format_args!("var sum = {ty}(0.0);"));
            // A difference of the two ends of the range must not overflow.
            self.each(&format!(
                "let top = max(most, x); sum = sum * exp(max(most * 0.5 - top * 0.5, {ty}(-100.0)) * 2.0) + exp(max(x * 0.5 - top * 0.5, {ty}(-100.0)) * 2.0); most = top;"
            ));
            let top = self.across("most", Reduction::Max);
            self.source.line(format_args!("let own = {top};"));
            self.source.line(format_args!(
                "let scaled = sum * exp(max(most * 0.5 - {ty}(own * 0.5), {ty}(-100.0)) * 2.0);"
            ));
            let total = self.across("scaled", Reduction::Sum);
            self.source.line(format_args!("var m = own; var s = {total};"));
            self.fold("m", Reduction::Max);
            self.source.line("s = s * exp(max(own * 0.5 - m * 0.5, -100.0) * 2.0);");
            self.fold("s", Reduction::Sum);
        } else {
            self.each("most = max(most, x);");
            let top = self.across("most", Reduction::Max);
            self.source.line(format_args!("var m = {top};"));
            self.fold("m", Reduction::Max);
            self.source.line(format_args!("var sum = {ty}(0.0);"));
            self.each(&format!("sum += exp(max(x * 0.5 - {ty}(m * 0.5), {ty}(-100.0)) * 2.0);"));
            let total = self.across("sum", Reduction::Sum);
            self.source.line(format_args!("var s = {total};"));
            self.fold("s", Reduction::Sum);
        }
        self.source.line("let inverse = 1.0 / s;");
        let body = self.stored(&format!("exp(max(x * 0.5 - {ty}(m * 0.5), {ty}(-100.0)) * 2.0) * inverse"));
        self.each(&body);
    }

    fn norm(&mut self, epsilon: f32, centred: bool) {
        let (ty, n) = (float(self.s.width), self.row.len);
        if centred {
            self.sum("sum", "x");
            let total = self.across("sum", Reduction::Sum);
            self.source.line(format_args!("var s = {total};"));
            self.fold("s", Reduction::Sum);
            self.source.line(format_args!("let mean = s / {n}.0;"));
        } else {
            self.source.line("let mean = 0.0;");
        }
        self.sum("squares", "(x - mean) * (x - mean)");
        let total = self.across("squares", Reduction::Sum);
        self.source.line(format_args!("var v = {total};"));
        self.fold("v", Reduction::Sum);
        self.source.line(format_args!(
            "let inverse = inverseSqrt(v / {n}.0 + {});",
            super::source::literal(epsilon)
        ));
        let mut y = String::from("(x - mean) * inverse");
        let width = self.s.width;
        for (tensor, operator) in [(self.row.scale, "*"), (self.row.bias, "+")] {
            let Some(tensor) = tensor else { continue };
            let name =
                self.source.bind(Binding::Tensor(tensor), Form::Buffer(self.group.dtypes[tensor], width));
            y = format!("({y} {operator} {ty}({name}[e / {width}u]))");
        }
        let body = self.stored(&y);
        self.each(&body);
    }
}
