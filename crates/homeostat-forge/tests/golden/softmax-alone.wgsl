// Blueprint b9de9f2f1eed7d0b4416632a1a16b6b96b726c737048c7652ef6f2bc78191b5f, row 1x8 4x4 tree online rows; written by tests/golden.rs.

// [Tensor(0), Output], [1, 1, 1] workgroups
@group(0) @binding(0) var<storage, read> b0: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> b1: array<vec4<f32>>;
@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
let asked = wid.x * 8u + lid.x; let row = min(asked, 7u); let t = lid.y; let si = lid.x * 1u;
let base = row / 1u * 256u + row % 1u;
var most = vec4<f32>(-3.4028234e38);
var sum = vec4<f32>(0.0);
for (var i = t; i < 64u; i += 4u) {
{ let e = (i + 0u) * 4u; let o = base + e * 1u; let x = vec4<f32>(b0[((o)) / 4u]); let top = max(most, x); sum = sum * exp(max(most * 0.5 - top * 0.5, vec4<f32>(-100.0)) * 2.0) + exp(max(x * 0.5 - top * 0.5, vec4<f32>(-100.0)) * 2.0); most = top; }
{ let e = (i + 1u) * 4u; let o = base + e * 1u; let x = vec4<f32>(b0[((o)) / 4u]); let top = max(most, x); sum = sum * exp(max(most * 0.5 - top * 0.5, vec4<f32>(-100.0)) * 2.0) + exp(max(x * 0.5 - top * 0.5, vec4<f32>(-100.0)) * 2.0); most = top; }
{ let e = (i + 2u) * 4u; let o = base + e * 1u; let x = vec4<f32>(b0[((o)) / 4u]); let top = max(most, x); sum = sum * exp(max(most * 0.5 - top * 0.5, vec4<f32>(-100.0)) * 2.0) + exp(max(x * 0.5 - top * 0.5, vec4<f32>(-100.0)) * 2.0); most = top; }
{ let e = (i + 3u) * 4u; let o = base + e * 1u; let x = vec4<f32>(b0[((o)) / 4u]); let top = max(most, x); sum = sum * exp(max(most * 0.5 - top * 0.5, vec4<f32>(-100.0)) * 2.0) + exp(max(x * 0.5 - top * 0.5, vec4<f32>(-100.0)) * 2.0); most = top; }
}
let own = max(max(most.x, most.y), max(most.z, most.w));
let scaled = sum * exp(max(most * 0.5 - vec4<f32>(own * 0.5), vec4<f32>(-100.0)) * 2.0);
var m = own; var s = (scaled.x + scaled.y + scaled.z + scaled.w);
s = s * exp(max(own * 0.5 - m * 0.5, -100.0) * 2.0);
let inverse = 1.0 / s;
for (var i = t; i < 64u; i += 4u) {
{ let e = (i + 0u) * 4u; let o = base + e * 1u; let x = vec4<f32>(b0[((o)) / 4u]); { let y = exp(max(x * 0.5 - vec4<f32>(m * 0.5), vec4<f32>(-100.0)) * 2.0) * inverse; b1[(o) / 4u] = vec4<f32>(y); } }
{ let e = (i + 1u) * 4u; let o = base + e * 1u; let x = vec4<f32>(b0[((o)) / 4u]); { let y = exp(max(x * 0.5 - vec4<f32>(m * 0.5), vec4<f32>(-100.0)) * 2.0) * inverse; b1[(o) / 4u] = vec4<f32>(y); } }
{ let e = (i + 2u) * 4u; let o = base + e * 1u; let x = vec4<f32>(b0[((o)) / 4u]); { let y = exp(max(x * 0.5 - vec4<f32>(m * 0.5), vec4<f32>(-100.0)) * 2.0) * inverse; b1[(o) / 4u] = vec4<f32>(y); } }
{ let e = (i + 3u) * 4u; let o = base + e * 1u; let x = vec4<f32>(b0[((o)) / 4u]); { let y = exp(max(x * 0.5 - vec4<f32>(m * 0.5), vec4<f32>(-100.0)) * 2.0) * inverse; b1[(o) / 4u] = vec4<f32>(y); } }
}
}
