// Blueprint b9de9f2f1eed7d0b4416632a1a16b6b96b726c737048c7652ef6f2bc78191b5f, row 32x4 4x2 tree passes along; written by tests/golden.rs.

// [Tensor(0), Output], [2, 1, 1] workgroups
@group(0) @binding(0) var<storage, read> b0: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> b1: array<vec4<f32>>;
var<workgroup> sa: array<f32, 128>;
@compute @workgroup_size(32, 4, 1)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
let asked = wid.x * 4u + lid.y; let row = min(asked, 7u); let t = lid.x; let si = lid.y * 32u;
let base = row / 1u * 256u + row % 1u;
var most = vec4<f32>(-3.4028234e38);
for (var i = t; i < 64u; i += 64u) {
{ let e = (i + 0u) * 4u; let o = base + e * 1u; let x = vec4<f32>(b0[((o)) / 4u]); most = max(most, x); }
{ let e = (i + 32u) * 4u; let o = base + e * 1u; let x = vec4<f32>(b0[((o)) / 4u]); most = max(most, x); }
}
var m = max(max(most.x, most.y), max(most.z, most.w));
sa[si + t] = m; workgroupBarrier();
if (t < 16u) { sa[si + t] = max(sa[si + t], sa[si + t + 16u]); } workgroupBarrier();
if (t < 8u) { sa[si + t] = max(sa[si + t], sa[si + t + 8u]); } workgroupBarrier();
if (t < 4u) { sa[si + t] = max(sa[si + t], sa[si + t + 4u]); } workgroupBarrier();
if (t < 2u) { sa[si + t] = max(sa[si + t], sa[si + t + 2u]); } workgroupBarrier();
if (t < 1u) { sa[si + t] = max(sa[si + t], sa[si + t + 1u]); } workgroupBarrier();
m = sa[si]; workgroupBarrier();
var sum = vec4<f32>(0.0);
for (var i = t; i < 64u; i += 64u) {
{ let e = (i + 0u) * 4u; let o = base + e * 1u; let x = vec4<f32>(b0[((o)) / 4u]); sum += exp(max(x * 0.5 - vec4<f32>(m * 0.5), vec4<f32>(-100.0)) * 2.0); }
{ let e = (i + 32u) * 4u; let o = base + e * 1u; let x = vec4<f32>(b0[((o)) / 4u]); sum += exp(max(x * 0.5 - vec4<f32>(m * 0.5), vec4<f32>(-100.0)) * 2.0); }
}
var s = (sum.x + sum.y + sum.z + sum.w);
sa[si + t] = s; workgroupBarrier();
if (t < 16u) { sa[si + t] = sa[si + t] + sa[si + t + 16u]; } workgroupBarrier();
if (t < 8u) { sa[si + t] = sa[si + t] + sa[si + t + 8u]; } workgroupBarrier();
if (t < 4u) { sa[si + t] = sa[si + t] + sa[si + t + 4u]; } workgroupBarrier();
if (t < 2u) { sa[si + t] = sa[si + t] + sa[si + t + 2u]; } workgroupBarrier();
if (t < 1u) { sa[si + t] = sa[si + t] + sa[si + t + 1u]; } workgroupBarrier();
s = sa[si]; workgroupBarrier();
let inverse = 1.0 / s;
for (var i = t; i < 64u; i += 64u) {
{ let e = (i + 0u) * 4u; let o = base + e * 1u; let x = vec4<f32>(b0[((o)) / 4u]); { let y = exp(max(x * 0.5 - vec4<f32>(m * 0.5), vec4<f32>(-100.0)) * 2.0) * inverse; b1[(o) / 4u] = vec4<f32>(y); } }
{ let e = (i + 32u) * 4u; let o = base + e * 1u; let x = vec4<f32>(b0[((o)) / 4u]); { let y = exp(max(x * 0.5 - vec4<f32>(m * 0.5), vec4<f32>(-100.0)) * 2.0) * inverse; b1[(o) / 4u] = vec4<f32>(y); } }
}
}
