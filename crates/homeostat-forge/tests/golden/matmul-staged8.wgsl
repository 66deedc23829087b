// Blueprint f0ddc1c5ab9520f771171e8e2d40e2a8844297ebda877567909b350e5c64f7b1, contract staged8 4x4 8x1 columns close pad 1; written by tests/golden.rs.

// [Tensor(1), TemporaryOut(0)], [6, 1, 1] workgroups
@group(0) @binding(0) var<storage, read> b0: array<f32>;
@group(0) @binding(1) var<storage, read_write> b1: array<vec4<f32>>;
fn element(o: u32) -> f32 { let c = o % 64u; let r = o / 64u % 24u; let z = o / 1536u; let e = z * 864u + r * 36u + c; if (!(r < 24u && c < 36u)) { return 0.0; } return f32(b0[(e)]); }
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) li: u32) {
let first = wid.x * 64u + li;
{ let i = first + 0u;
{
let o = i * 4u;
b1[o / 4u] = vec4<f32>(vec4<f32>(element(o), element(o + 1u), element(o + 2u), element(o + 3u))); } }
}

// [Tensor(0), Temporary(0), Output, Tensor(2)], [2, 5, 1] workgroups
@group(0) @binding(0) var<storage, read> b0: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b1: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> b2: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b3: array<vec4<f32>>;
var<workgroup> sa: array<vec4<f32>, 8>;
var<workgroup> sb: array<vec4<f32>, 64>;
fn erf4(x: vec4<f32>) -> vec4<f32> { let a = min(abs(x), vec4<f32>(6.0)); let t = vec4<f32>(1.0) / (vec4<f32>(1.0) + 0.3275911 * a); let p = t * (vec4<f32>(0.254829592) + t * (vec4<f32>(-0.284496736) + t * (vec4<f32>(1.421413741) + t * (vec4<f32>(-1.453152027) + t * 1.061405429)))); return sign(x) * (vec4<f32>(1.0) - p * exp(-a * a)); }
fn gelu4(x: vec4<f32>) -> vec4<f32> { return 0.5 * x * (vec4<f32>(1.0) + erf4(x * 0.70710678)); }
fn put(x: vec4<f32>, row: u32, col: u32, z: u32, part: u32) { if (col >= 36u) { return; } let o = (z * 20u + row) * 36u + col; b2[(o) / 4u] = vec4<f32>(gelu4((x + vec4<f32>(b3[(((o) % 36u)) / 4u])))); }
@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>, @builtin(local_invocation_index) li: u32) {
let lid = local.xy;
let lr = lid.y; let lc = lid.x; let block_row = wid.y * 4u; let block_col = wid.x * 32u;
let row0 = block_row + lr * 4u; let col0 = block_col + lc * 4u;
let part = wid.z % 1u; let z = wid.z / 1u;
let za = 0u; let zb = 0u;
let ea0 = min(li + 0u, 7u);
let pa0 = ((za * 20u + (block_row + ea0 / 2u)) * 24u) / 4u + ea0 % 2u;
let eb0 = min(li + 0u, 63u);
let pb0 = (zb * 1536u + (block_col + eb0 % 8u * 4u)) / 4u + eb0 / 8u * 16u;
let eb1 = min(li + 8u, 63u);
let pb1 = (zb * 1536u + (block_col + eb1 % 8u * 4u)) / 4u + eb1 / 8u * 16u;
let eb2 = min(li + 16u, 63u);
let pb2 = (zb * 1536u + (block_col + eb2 % 8u * 4u)) / 4u + eb2 / 8u * 16u;
let eb3 = min(li + 24u, 63u);
let pb3 = (zb * 1536u + (block_col + eb3 % 8u * 4u)) / 4u + eb3 / 8u * 16u;
let eb4 = min(li + 32u, 63u);
let pb4 = (zb * 1536u + (block_col + eb4 % 8u * 4u)) / 4u + eb4 / 8u * 16u;
let eb5 = min(li + 40u, 63u);
let pb5 = (zb * 1536u + (block_col + eb5 % 8u * 4u)) / 4u + eb5 / 8u * 16u;
let eb6 = min(li + 48u, 63u);
let pb6 = (zb * 1536u + (block_col + eb6 % 8u * 4u)) / 4u + eb6 / 8u * 16u;
let eb7 = min(li + 56u, 63u);
let pb7 = (zb * 1536u + (block_col + eb7 % 8u * 4u)) / 4u + eb7 / 8u * 16u;
var c0_0 = vec4<f32>();
var c1_0 = vec4<f32>();
var c2_0 = vec4<f32>();
var c3_0 = vec4<f32>();
for (var q = 0u; q < 3u; q += 1u) { let k = (part * 3u + q) * 8u;
let ka = k;
let va0 = b0[pa0 + ka / 4u];
let vb0 = b1[pb0 + k * 16u];
let vb1 = b1[pb1 + k * 16u];
let vb2 = b1[pb2 + k * 16u];
let vb3 = b1[pb3 + k * 16u];
let vb4 = b1[pb4 + k * 16u];
let vb5 = b1[pb5 + k * 16u];
let vb6 = b1[pb6 + k * 16u];
let vb7 = b1[pb7 + k * 16u];
sa[0u + ea0] = va0;
sb[0u + eb0] = vb0;
sb[0u + eb1] = vb1;
sb[0u + eb2] = vb2;
sb[0u + eb3] = vb3;
sb[0u + eb4] = vb4;
sb[0u + eb5] = vb5;
sb[0u + eb6] = vb6;
sb[0u + eb7] = vb7;
workgroupBarrier();
{
let a0_0 = vec4<f32>(sa[0u + (lr * 4u + 0u) * 2u + 0u]);
let a1_0 = vec4<f32>(sa[0u + (lr * 4u + 1u) * 2u + 0u]);
let a2_0 = vec4<f32>(sa[0u + (lr * 4u + 2u) * 2u + 0u]);
let a3_0 = vec4<f32>(sa[0u + (lr * 4u + 3u) * 2u + 0u]);
let b0_0 = vec4<f32>(sb[0u + 0u + lc * 1u + 0u]);
c0_0 = fma(vec4<f32>(a0_0.x), b0_0, c0_0);
c1_0 = fma(vec4<f32>(a1_0.x), b0_0, c1_0);
c2_0 = fma(vec4<f32>(a2_0.x), b0_0, c2_0);
c3_0 = fma(vec4<f32>(a3_0.x), b0_0, c3_0);
let b0_1 = vec4<f32>(sb[0u + 8u + lc * 1u + 0u]);
c0_0 = fma(vec4<f32>(a0_0.y), b0_1, c0_0);
c1_0 = fma(vec4<f32>(a1_0.y), b0_1, c1_0);
c2_0 = fma(vec4<f32>(a2_0.y), b0_1, c2_0);
c3_0 = fma(vec4<f32>(a3_0.y), b0_1, c3_0);
let b0_2 = vec4<f32>(sb[0u + 16u + lc * 1u + 0u]);
c0_0 = fma(vec4<f32>(a0_0.z), b0_2, c0_0);
c1_0 = fma(vec4<f32>(a1_0.z), b0_2, c1_0);
c2_0 = fma(vec4<f32>(a2_0.z), b0_2, c2_0);
c3_0 = fma(vec4<f32>(a3_0.z), b0_2, c3_0);
let b0_3 = vec4<f32>(sb[0u + 24u + lc * 1u + 0u]);
c0_0 = fma(vec4<f32>(a0_0.w), b0_3, c0_0);
c1_0 = fma(vec4<f32>(a1_0.w), b0_3, c1_0);
c2_0 = fma(vec4<f32>(a2_0.w), b0_3, c2_0);
c3_0 = fma(vec4<f32>(a3_0.w), b0_3, c3_0);
let a0_1 = vec4<f32>(sa[0u + (lr * 4u + 0u) * 2u + 1u]);
let a1_1 = vec4<f32>(sa[0u + (lr * 4u + 1u) * 2u + 1u]);
let a2_1 = vec4<f32>(sa[0u + (lr * 4u + 2u) * 2u + 1u]);
let a3_1 = vec4<f32>(sa[0u + (lr * 4u + 3u) * 2u + 1u]);
let b0_4 = vec4<f32>(sb[0u + 32u + lc * 1u + 0u]);
c0_0 = fma(vec4<f32>(a0_1.x), b0_4, c0_0);
c1_0 = fma(vec4<f32>(a1_1.x), b0_4, c1_0);
c2_0 = fma(vec4<f32>(a2_1.x), b0_4, c2_0);
c3_0 = fma(vec4<f32>(a3_1.x), b0_4, c3_0);
let b0_5 = vec4<f32>(sb[0u + 40u + lc * 1u + 0u]);
c0_0 = fma(vec4<f32>(a0_1.y), b0_5, c0_0);
c1_0 = fma(vec4<f32>(a1_1.y), b0_5, c1_0);
c2_0 = fma(vec4<f32>(a2_1.y), b0_5, c2_0);
c3_0 = fma(vec4<f32>(a3_1.y), b0_5, c3_0);
let b0_6 = vec4<f32>(sb[0u + 48u + lc * 1u + 0u]);
c0_0 = fma(vec4<f32>(a0_1.z), b0_6, c0_0);
c1_0 = fma(vec4<f32>(a1_1.z), b0_6, c1_0);
c2_0 = fma(vec4<f32>(a2_1.z), b0_6, c2_0);
c3_0 = fma(vec4<f32>(a3_1.z), b0_6, c3_0);
let b0_7 = vec4<f32>(sb[0u + 56u + lc * 1u + 0u]);
c0_0 = fma(vec4<f32>(a0_1.w), b0_7, c0_0);
c1_0 = fma(vec4<f32>(a1_1.w), b0_7, c1_0);
c2_0 = fma(vec4<f32>(a2_1.w), b0_7, c2_0);
c3_0 = fma(vec4<f32>(a3_1.w), b0_7, c3_0);
}
workgroupBarrier();
}
put(c0_0, row0 + 0u, col0 + 0u, z, part);
put(c1_0, row0 + 1u, col0 + 0u, z, part);
put(c2_0, row0 + 2u, col0 + 0u, z, part);
put(c3_0, row0 + 3u, col0 + 0u, z, part);
}
