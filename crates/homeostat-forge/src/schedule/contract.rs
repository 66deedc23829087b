//! Schedules of contractions.

use super::limits::{Kind, Limits};
use super::{ITERATIONS_MAX, Schedule, every, pair};
use crate::plan::{Contract, Group};
use alloc::vec::Vec;
use core::fmt;

/// Rows and columns of one invocation's block.
pub const TILES: [(u32, u32); 8] = [(1, 4), (4, 4), (8, 4), (16, 4), (4, 8), (8, 8), (4, 16), (16, 8)];
/// Invocations of a workgroup on a processor, along columns and rows (or the other way round).
const WORKGROUPS_SOFTWARE: [(u32, u32); 4] = [(8, 1), (8, 4), (32, 1), (16, 16)];
/// The same on a graphics processor.
const WORKGROUPS_HARDWARE: [(u32, u32); 5] = [(8, 4), (8, 8), (32, 1), (16, 8), (16, 16)];
/// Parts that a sum is split into.
pub const SPLITS: [u32; 2] = [1, 4];

/// Where an invocation reads its operands from, and how many steps of the sum it unrolls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Path {
    /// Buffers, four numbers at a time.
    Buffer4,
    /// The same, eight steps.
    Buffer8,
    /// Buffers, one number at a time.
    Scalar,
    /// The second operand transposed: dot products.
    Turned,
    /// The second operand through a texture.
    TextureB,
    /// Both operands through textures.
    Textures,
    /// The lanes of a subgroup load the first operand and broadcast it.
    Subgroup,
    /// The same, with the second operand through a texture.
    SubgroupTexture,
    /// Both operands staged in workgroup memory, eight steps at a time.
    Staged8,
    /// The same, sixteen.
    Staged16,
    /// Staged, eight steps, the next ones loaded while the present ones are computed.
    Ahead8,
    /// The same, sixteen.
    Ahead16,
    /// Matrix units, for f16; a tile is one of blocks of 16 by 16, of a subgroup.
    Matrix,
}

impl Path {
    /// Every path.
    pub const ALL: [Path; 13] = [
        Path::Buffer4,
        Path::Buffer8,
        Path::Scalar,
        Path::Turned,
        Path::TextureB,
        Path::Textures,
        Path::Subgroup,
        Path::SubgroupTexture,
        Path::Staged8,
        Path::Staged16,
        Path::Ahead8,
        Path::Ahead16,
        Path::Matrix,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Path::Buffer4 => "buffer4",
            Path::Buffer8 => "buffer8",
            Path::Scalar => "scalar",
            Path::Turned => "turned",
            Path::TextureB => "textureB",
            Path::Textures => "textures",
            Path::Subgroup => "subgroup",
            Path::SubgroupTexture => "subgroupTexture",
            Path::Staged8 => "staged8",
            Path::Staged16 => "staged16",
            Path::Ahead8 => "ahead8",
            Path::Ahead16 => "ahead16",
            Path::Matrix => "matrix",
        }
    }

    /// Whether operands are staged in workgroup memory.
    pub fn is_staged(self) -> bool {
        matches!(self, Path::Staged8 | Path::Staged16 | Path::Ahead8 | Path::Ahead16)
    }

    /// Whether the next steps are loaded while the present ones are computed.
    pub fn is_ahead(self) -> bool {
        matches!(self, Path::Ahead8 | Path::Ahead16)
    }

    /// Whether lanes broadcast to each other.
    pub fn is_subgroup(self) -> bool {
        matches!(self, Path::Subgroup | Path::SubgroupTexture)
    }

    /// Whether the first operand comes through a texture.
    pub fn texture_a(self) -> bool {
        self == Path::Textures
    }

    /// Whether the second operand comes through a texture.
    pub fn texture_b(self) -> bool {
        matches!(self, Path::TextureB | Path::Textures | Path::SubgroupTexture)
    }

    /// Numbers that are read at once.
    pub fn width(self) -> u32 {
        if matches!(self, Path::Scalar | Path::Matrix) { 1 } else { 4 }
    }
}

/// A way to compute a contraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContractSchedule {
    /// Where operands are read from.
    pub path: Path,
    /// Rows and columns of one invocation's block.
    pub tile: (u32, u32),
    /// Invocations of a workgroup.
    pub workgroup: (u32, u32),
    /// Whether neighbouring lanes have neighbouring rows instead of columns.
    pub lanes_on_rows: bool,
    /// Whether a lane's columns lie a workgroup apart, in fours.
    pub spread: bool,
    /// Whether operands are padded to whole blocks; else places outside are guarded.
    pub padded: bool,
    /// Parts that the sum is split into.
    pub split: u32,
}

/// The sizes that a schedule gives to a contraction's operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Padded {
    /// Rows of a workgroup's block.
    pub block_rows: u32,
    /// Columns of a workgroup's block.
    pub block_columns: u32,
    /// Steps of the sum in one iteration.
    pub unroll: u32,
    /// Rows of the first operand.
    pub m: u32,
    /// Columns of the second operand, of a group for a convolution.
    pub n: u32,
    /// Length of the sums, for a convolution with its channels padded.
    pub k: u32,
    /// Channels of a group of a convolution.
    pub channels: u32,
    /// Workgroups.
    pub grid: [u32; 3],
}

impl ContractSchedule {
    /// Every schedule, valid or not.
    pub(super) fn all(limits: &Limits) -> Vec<Schedule> {
        // What never wins on a processor is left out there: it shares no memory between invocations but by copying.
        let software = limits.kind == Kind::Software;
        let spreads: &[bool] = if software { &[false] } else { &[false, true] };
        let workgroups: &[(u32, u32)] = if software { &WORKGROUPS_SOFTWARE } else { &WORKGROUPS_HARDWARE };
        let mut all = every(|pick| {
            let (split, padded) = (pick.of(&SPLITS), pick.of(&[true, false]));
            let (spread, lanes_on_rows) = (pick.of(spreads), pick.of(&[false, true]));
            let (workgroup, tile) = (pick.of(workgroups), pick.of(&TILES));
            let path = pick.of(&Path::ALL);
            Schedule::Contract(ContractSchedule {
                path,
                tile,
                workgroup,
                lanes_on_rows,
                spread,
                padded,
                split,
            })
        });
        all.retain(|s| !matches!(s, Schedule::Contract(s) if software && s.path.is_ahead()));
        all
    }

    /// The sizes that it gives to a contraction.
    pub fn padded(&self, c: &Contract, limits: &Limits) -> Padded {
        let ((tm, tn), (x, y)) = (self.tile, self.workgroup);
        let (block_rows, block_columns) = if self.path == Path::Matrix {
            // Subgroups lie below each other.
            ((x * y / limits.subgroup.unwrap_or(32)).max(1) * 16 * tm, 16 * tn)
        } else if self.lanes_on_rows {
            (x * tm, y * tn)
        } else {
            (y * tm, x * tn)
        };
        let unroll = match self.path {
            Path::Scalar | Path::Buffer4 | Path::Turned | Path::TextureB | Path::Textures => 4,
            Path::Buffer8 | Path::Staged8 | Path::Ahead8 => 8,
            Path::Staged16 | Path::Ahead16 | Path::Matrix => 16,
            Path::Subgroup | Path::SubgroupTexture => limits.subgroup.unwrap_or(8),
        };
        let up = |n: u32, to: u32| n.div_ceil(to) * to;
        let wide = if self.path == Path::Turned { 1 } else { self.path.width() };
        let (m, n) =
            if self.padded { (up(c.m, block_rows), up(c.n, block_columns)) } else { (c.m, up(c.n, wide)) };
        let (k, channels) = match &c.image {
            Some(image) => {
                let channels = up(image.channels, unroll);
                (image.size[0] * image.size[1] * channels, channels)
            }
            None if self.padded || self.path.is_staged() || self.path.is_subgroup() => {
                (up(c.k, unroll * self.split), 0)
            }
            None => (up(c.k, self.path.width()), 0),
        };
        let (down, across) = (c.m.div_ceil(block_rows), c.n.div_ceil(block_columns));
        let grid = if self.lanes_on_rows { [down, across] } else { [across, down] };
        Padded {
            block_rows,
            block_columns,
            unroll,
            m,
            n,
            k,
            channels,
            grid: [grid[0], grid[1], c.matrices() * self.split],
        }
    }

    /// Bytes of workgroup memory, with operands of this many bytes an element.
    pub fn workgroup_bytes(&self, c: &Contract, p: &Padded) -> u64 {
        let rows = u64::from(p.block_rows) * c.a.dtype.bytes();
        let columns = u64::from(p.block_columns) * c.b.dtype.bytes();
        let copies = if self.path.is_ahead() { 2 } else { 1 };
        if self.path.is_staged() { (rows + columns) * u64::from(p.unroll) * copies } else { 0 }
    }

    pub(super) fn check(&self, c: &Contract, group: &Group, limits: &Limits) -> Result<(), &'static str> {
        let p = self.padded(c, limits);
        self.check_shape(c, limits, &p)?;
        let (a, b) = (self.elements_a(c, &p), u64::from(c.b.matrices) * u64::from(p.k) * u64::from(p.n));
        let z = u64::from(c.matrices());
        let whole = u64::from(p.m) * u64::from(p.n) * 4 * z;
        let parts = if self.path == Path::Matrix {
            whole
        } else if self.split > 1 {
            z * u64::from(self.split) * u64::from(c.m) * u64::from(c.n) * 4
        } else {
            0
        };
        if a * c.a.dtype.bytes() > limits.binding_bytes
            || b * c.b.dtype.bytes() > limits.binding_bytes
            || parts > limits.binding_bytes
        {
            return Err("a padded operand does not fit into one binding");
        }
        if a.max(b).max(parts / 4) >= 1 << 31 {
            return Err("an index does not fit into 31 bits");
        }
        // Both operands, the result, and what the epilogue reads; that is at most every tensor of the group.
        if group.tensors.len() as u32 + 1 > limits.storage_buffers {
            return Err("more tensors than storage buffers");
        }
        if p.grid.iter().any(|n| *n > limits.groups) {
            return Err("more workgroups than the adapter starts");
        }
        if self.workgroup_bytes(c, &p) > u64::from(limits.workgroup_bytes) {
            return Err("more workgroup memory than the adapter has");
        }
        let side = u64::from(limits.texture_side);
        let fits = |wide: u32, high: u64| u64::from(wide / 4) <= side && high <= side;
        if self.path.texture_b() && !fits(p.n, u64::from(c.b.matrices) * u64::from(p.k)) {
            return Err("a texture is larger than the adapter's");
        }
        if self.path.texture_a() && !fits(p.k, u64::from(c.a.matrices) * u64::from(p.m)) {
            return Err("a texture is larger than the adapter's");
        }
        Ok(())
    }

    fn check_shape(&self, c: &Contract, limits: &Limits, p: &Padded) -> Result<(), &'static str> {
        let (x, y) = self.workgroup;
        let invocations = x * y;
        if invocations > limits.invocations || x > limits.workgroup_side || y > limits.workgroup_side {
            return Err("more invocations than the adapter runs in a workgroup");
        }
        let path = self.path;
        if path == Path::Matrix {
            let lanes =
                limits.subgroup.filter(|_| limits.matrices).ok_or("the adapter has no matrix units")?;
            let half = c.a.dtype == crate::ir::DType::F16 && c.b.dtype == crate::ir::DType::F16;
            if !half || c.image.is_some() || self.split > 1 {
                return Err("matrix units are for products in f16");
            }
            if invocations % lanes != 0
                || self.tile.0 * self.tile.1 > 16
                || self.lanes_on_rows
                || self.spread
                || !self.padded
            {
                return Err("not a tile of matrix units");
            }
        }
        if c.image.is_some() && (path == Path::Turned || path.texture_a() || self.split > 1) {
            return Err("not for convolutions");
        }
        if path.is_subgroup() {
            let Some(lanes) = limits.subgroup else { return Err("the adapter has no subgroups of one size") };
            if x % lanes != 0 || self.lanes_on_rows || lanes > 64 {
                return Err("a subgroup's lanes must share their rows");
            }
        }
        if self.spread && (path == Path::Turned || self.tile.1 < 8) {
            return Err("nothing to spread");
        }
        let whole = |n: u32, block: u32| n.is_multiple_of(block);
        if !self.padded
            && whole(c.m, p.block_rows)
            && whole(c.n, p.block_columns)
            && p.k == c.k
            && c.image.is_none()
        {
            return Err("the same as padded");
        }
        let area = |m: u32, n: u32| f64::from(m) * f64::from(n);
        if area(c.m.div_ceil(p.block_rows) * p.block_rows, c.n.div_ceil(p.block_columns) * p.block_columns)
            > 2.5 * area(c.m.max(8), c.n.max(8))
        {
            return Err("most of the blocks lies outside");
        }
        // Splitting pays only while there are fewer workgroups than cores.
        if self.split > 1
            && (p.grid[0] * p.grid[1] * c.matrices() >= 4 * limits.cores
                || self.split * p.unroll * 2 > c.k
                || !self.padded)
        {
            let long = c.k / p.unroll > ITERATIONS_MAX && self.padded;
            if !long {
                return Err("splitting does not pay");
            }
        }
        let taps = c.image.map_or(1, |i| i.size[0] * i.size[1]);
        if p.k / p.unroll / self.split + taps + p.unroll > ITERATIONS_MAX {
            return Err("more iterations than some drivers run");
        }
        Ok(())
    }

    /// Elements of the first operand as it is read.
    pub fn elements_a(&self, c: &Contract, p: &Padded) -> u64 {
        match &c.image {
            Some(i) => {
                let [h, w] = i.padded();
                [i.batch, h, w, i.groups, p.channels].iter().map(|d| u64::from(*d)).product()
            }
            None => u64::from(c.a.matrices) * u64::from(p.m) * u64::from(p.k),
        }
    }

    pub(super) fn parse(words: &[&str]) -> Option<Self> {
        let [path, tile, workgroup, lanes, spread, edges, split] = words else { return None };
        let flag = |text: &str, no: &str, yes: &str| {
            if text == yes {
                Some(true)
            } else if text == no {
                Some(false)
            } else {
                None
            }
        };
        Some(Self {
            path: Path::ALL.into_iter().find(|p| p.name() == *path)?,
            tile: pair(tile)?,
            workgroup: pair(workgroup)?,
            lanes_on_rows: flag(lanes, "columns", "rows")?,
            spread: flag(spread, "close", "spread")?,
            padded: flag(edges, "guard", "pad")?,
            split: split.parse().ok()?,
        })
    }
}

impl crate::plan::Image {
    /// Height and width with the zeros around.
    pub fn padded(&self) -> [u32; 2] {
        [0, 1].map(|d| self.input[d] + self.padding[d] + self.padding[d + 2])
    }
}

impl fmt::Display for ContractSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((tm, tn), (x, y)) = (self.tile, self.workgroup);
        let word = |flag: bool, yes: &'static str, no: &'static str| if flag { yes } else { no };
        let (lanes, spread) =
            (word(self.lanes_on_rows, "rows", "columns"), word(self.spread, "spread", "close"));
        let edges = word(self.padded, "pad", "guard");
        write!(f, "{} {tm}x{tn} {x}x{y} {lanes} {spread} {edges} {}", self.path.name(), self.split)
    }
}
