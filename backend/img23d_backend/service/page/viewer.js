// A turntable for what the engines write: GLB meshes with their textures, and Gaussian splats as PLY. WebGL 2, no library.
// glTF 2.0: https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html

const COMPONENTS = { 5120: Int8Array, 5121: Uint8Array, 5122: Int16Array, 5123: Uint16Array, 5125: Uint32Array, 5126: Float32Array };
const WIDTHS = { SCALAR: 1, VEC2: 2, VEC3: 3, VEC4: 4, MAT4: 16 };
const SH_C0 = 0.28209479177387814;  // the constant spherical harmonic
const TURN_SECONDS = 18;  // a whole turn, while nobody drags
const VIEW_ANGLE = 0.6;  // radians, vertical

const MESH_VERTEX = `#version 300 es
in vec3 position; in vec3 normal; in vec2 uv; in vec4 color;
uniform mat4 view, projection; out vec3 n; out vec2 t; out vec4 c;
void main() { n = mat3(view) * normal; t = uv; c = color; gl_Position = projection * view * vec4(position, 1.0); }`;
const MESH_FRAGMENT = `#version 300 es
precision highp float; in vec3 n; in vec2 t; in vec4 c; uniform sampler2D picture; uniform vec4 base; out vec4 o;
vec3 linear(vec3 s) { return pow(s, vec3(2.2)); }
void main() {
  vec3 u = normalize(n); if (!gl_FrontFacing) u = -u;
  float light = 0.55 + 0.35 * max(dot(u, normalize(vec3(0.3, 0.6, 0.7))), 0.0) + 0.15 * max(u.y, 0.0);
  vec3 albedo = linear(texture(picture, t).rgb) * base.rgb * c.rgb;
  o = vec4(pow(albedo * light, vec3(1.0 / 2.2)), 1.0);
}`;
const SPLAT_VERTEX = `#version 300 es
in vec3 position; in vec4 color; in float size;
uniform mat4 view, projection; uniform float pixels; out vec4 c;
void main() {
  vec4 p = view * vec4(position, 1.0); gl_Position = projection * p; c = color;
  gl_PointSize = clamp(6.0 * size * pixels / -p.z, 1.0, 256.0);
}`;
const SPLAT_FRAGMENT = `#version 300 es
precision highp float; in vec4 c; out vec4 o;
void main() { vec2 d = 2.0 * gl_PointCoord - 1.0; float a = c.a * exp(-4.5 * dot(d, d)); if (a < 0.004) discard; o = vec4(c.rgb * a, a); }`;

export class Viewer {
  constructor(canvas) {
    this.canvas = canvas;
    this.gl = canvas.getContext("webgl2", { antialias: true, preserveDrawingBuffer: true });
    this.turn = 0.5;
    this.tilt = 0.25;
    this.distance = 1;
    this.isHeld = false;
    this.parts = [];
    if (this.gl) { this.listen(); requestAnimationFrame((now) => this.draw(now)); }
  }

  // Shows a file, and tells in words what it is. Throws an Error with a sentence.
  async show(buffer) {
    if (!this.gl) throw new Error("This browser shows no 3D: download the file.");
    const magic = new TextDecoder("latin1").decode(new Uint8Array(buffer, 0, 4));
    const content = magic === "glTF" ? await readGlb(buffer) : magic.startsWith("ply") ? readSplats(buffer) : null;
    if (!content) throw new Error("This file cannot be shown here: download it.");
    for (const part of this.parts) part.free();
    this.parts = content.parts.map((part) => (part.sizes ? new SplatPart(this.gl, part) : new MeshPart(this.gl, part)));
    this.frame(content.parts);
    return content.words;
  }

  frame(parts) {
    const low = [Infinity, Infinity, Infinity], high = [-Infinity, -Infinity, -Infinity];
    for (const { positions } of parts) {
      for (let i = 0; i < positions.length; i++) {
        low[i % 3] = Math.min(low[i % 3], positions[i]);
        high[i % 3] = Math.max(high[i % 3], positions[i]);
      }
    }
    this.centre = low.map((value, axis) => (value + high[axis]) / 2);
    this.radius = Math.max(1e-6, Math.hypot(...low.map((value, axis) => high[axis] - value)) / 2);
    this.distance = 1;
  }

  listen() {
    const canvas = this.canvas;
    canvas.addEventListener("pointerdown", (event) => { this.isHeld = true; canvas.setPointerCapture(event.pointerId); });
    canvas.addEventListener("pointerup", () => { this.isHeld = false; });
    canvas.addEventListener("pointermove", (event) => { if (this.isHeld) this.turnBy(event.movementX / 120, event.movementY / 120); });
    canvas.addEventListener("wheel", (event) => { event.preventDefault(); this.distance = Math.min(4, Math.max(0.3, this.distance * Math.exp(event.deltaY / 800))); }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, -0.2], ArrowDown: [0, 0.2] }[event.key];
      if (step) { event.preventDefault(); this.turnBy(...step); }
    });
  }

  turnBy(right, down) {
    this.turn += right;
    this.tilt = Math.min(1.5, Math.max(-1.5, this.tilt + down));
  }

  draw(now) {
    const { gl, canvas } = this;
    const width = Math.round(canvas.clientWidth * devicePixelRatio), height = Math.round(canvas.clientHeight * devicePixelRatio);
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!this.isHeld && !still && this.last) this.turn += ((now - this.last) / 1000) * ((2 * Math.PI) / TURN_SECONDS);
    this.last = now;
    gl.viewport(0, 0, width, height);
    gl.clearColor(0.23, 0.23, 0.23, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    if (this.parts.length && width && height) this.drawParts(width, height);
    requestAnimationFrame((then) => this.draw(then));
  }

  drawParts(width, height) {
    const away = (this.distance * this.radius * 1.15) / Math.sin(VIEW_ANGLE / 2) / Math.min(1, width / height);
    const view = orbit(this.centre, this.turn, this.tilt, away);
    const projection = perspective(VIEW_ANGLE, width / height, Math.max(away - 2 * this.radius, away / 100), away + 2 * this.radius);
    for (const part of this.parts) part.draw(view, projection, height / 2 / Math.tan(VIEW_ANGLE / 2));
  }
}

class MeshPart {
  constructor(gl, { positions, normals, uvs, colors, indices, image, base }) {
    this.gl = gl;
    this.program = compiled(gl, MESH_VERTEX, MESH_FRAGMENT);
    this.count = indices.length;
    this.array = gl.createVertexArray();
    gl.bindVertexArray(this.array);
    this.buffers = [attribute(gl, this.program, "position", positions, 3), attribute(gl, this.program, "normal", normals, 3)];
    if (uvs) this.buffers.push(attribute(gl, this.program, "uv", uvs, 2));
    if (colors) this.buffers.push(attribute(gl, this.program, "color", colors.data, colors.width));
    else gl.vertexAttrib4f(gl.getAttribLocation(this.program, "color"), 1, 1, 1, 1);
    this.buffers.push(filled(gl, gl.ELEMENT_ARRAY_BUFFER, indices));
    this.texture = texture(gl, uvs ? image : null);
    this.base = base;
  }

  draw(view, projection) {
    const gl = this.gl;
    gl.enable(gl.DEPTH_TEST);
    gl.disable(gl.BLEND);
    use(gl, this.program, view, projection);
    gl.uniform4fv(gl.getUniformLocation(this.program, "base"), this.base);
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.bindVertexArray(this.array);
    gl.drawElements(gl.TRIANGLES, this.count, gl.UNSIGNED_INT, 0);
  }

  free() {
    this.buffers.forEach((buffer) => this.gl.deleteBuffer(buffer));
    this.gl.deleteTexture(this.texture);
    this.gl.deleteVertexArray(this.array);
    this.gl.deleteProgram(this.program);
  }
}

class SplatPart {
  constructor(gl, { positions, colors, sizes }) {
    this.gl = gl;
    this.positions = positions;
    this.program = compiled(gl, SPLAT_VERTEX, SPLAT_FRAGMENT);
    this.order = new Uint32Array(sizes.length);
    this.array = gl.createVertexArray();
    gl.bindVertexArray(this.array);
    this.buffers = [
      attribute(gl, this.program, "position", positions, 3), attribute(gl, this.program, "color", colors, 4),
      attribute(gl, this.program, "size", sizes, 1), filled(gl, gl.ELEMENT_ARRAY_BUFFER, this.order),
    ];
  }

  draw(view, projection, pixels) {
    const gl = this.gl;
    gl.disable(gl.DEPTH_TEST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    use(gl, this.program, view, projection);
    gl.uniform1f(gl.getUniformLocation(this.program, "pixels"), pixels);
    gl.bindVertexArray(this.array);
    this.sort(view);
    gl.drawElements(gl.POINTS, this.order.length, gl.UNSIGNED_INT, 0);
  }

  // Far ones first, by counting: what blends must be drawn in its order.
  sort(view) {
    const count = this.order.length, depths = new Float32Array(count), bins = new Uint32Array(4097);
    let low = Infinity, high = -Infinity;
    for (let i = 0; i < count; i++) {
      depths[i] = view[2] * this.positions[3 * i] + view[6] * this.positions[3 * i + 1] + view[10] * this.positions[3 * i + 2];
      low = Math.min(low, depths[i]);
      high = Math.max(high, depths[i]);
    }
    const scale = 4095 / Math.max(1e-9, high - low);
    for (let i = 0; i < count; i++) bins[1 + Math.floor((depths[i] - low) * scale)]++;
    for (let bin = 1; bin < bins.length; bin++) bins[bin] += bins[bin - 1];
    for (let i = 0; i < count; i++) this.order[bins[Math.floor((depths[i] - low) * scale)]++] = i;
    this.gl.bufferSubData(this.gl.ELEMENT_ARRAY_BUFFER, 0, this.order);
  }

  free() {
    this.buffers.forEach((buffer) => this.gl.deleteBuffer(buffer));
    this.gl.deleteVertexArray(this.array);
    this.gl.deleteProgram(this.program);
  }
}

// --- files ---------------------------------------------------------------------------------------------------------

export async function readGlb(buffer) {
  const data = new DataView(buffer), jsonBytes = data.getUint32(12, true);
  const document = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 20, jsonBytes)));
  const start = 20 + jsonBytes + 8;
  const parts = [];
  let triangles = 0;
  const visit = async (index, parent) => {
    const node = document.nodes[index], matrix = multiplied(parent, nodeMatrix(node));
    for (const primitive of node.mesh === undefined ? [] : document.meshes[node.mesh].primitives) {
      if ((primitive.mode ?? 4) !== 4) continue;
      parts.push(await readPrimitive(document, buffer, start, primitive, matrix));
      triangles += parts.at(-1).indices.length / 3;
    }
    for (const child of node.children || []) await visit(child, matrix);
  };
  for (const root of document.scenes[document.scene || 0].nodes) await visit(root, identity());
  return { parts, words: `${triangles.toLocaleString("en")} triangles` };
}

async function readPrimitive(document, buffer, start, primitive, matrix) {
  const read = (index) => accessor(document, buffer, start, index);
  const { POSITION, NORMAL, TEXCOORD_0, COLOR_0 } = primitive.attributes;
  const positions = transformed(read(POSITION), matrix, 1);
  const indices = primitive.indices === undefined ? Uint32Array.from({ length: positions.length / 3 }, (_, i) => i) : Uint32Array.from(read(primitive.indices));
  const material = (document.materials || [])[primitive.material] || {}, surface = material.pbrMetallicRoughness || {};
  const source = surface.baseColorTexture && document.textures[surface.baseColorTexture.index].source;
  return {
    positions,
    indices,
    normals: NORMAL === undefined ? flatNormals(positions, indices) : transformed(read(NORMAL), matrix, 0),
    uvs: TEXCOORD_0 === undefined ? null : read(TEXCOORD_0),
    colors: COLOR_0 === undefined ? null : { data: read(COLOR_0), width: WIDTHS[document.accessors[COLOR_0].type] },
    image: source === undefined ? null : await picture(document, buffer, start, source),
    base: surface.baseColorFactor || [1, 1, 1, 1],
  };
}

function accessor(document, buffer, start, index) {
  const one = document.accessors[index], view = document.bufferViews[one.bufferView], kind = COMPONENTS[one.componentType];
  const width = WIDTHS[one.type], offset = start + (view.byteOffset || 0) + (one.byteOffset || 0), stride = view.byteStride || width * kind.BYTES_PER_ELEMENT;
  const values = new (one.normalized || kind === Float32Array ? Float32Array : Uint32Array)(one.count * width);
  const scale = one.normalized ? 1 / (2 ** (8 * kind.BYTES_PER_ELEMENT - (kind.name.startsWith("I") ? 1 : 0)) - 1) : 1;
  for (let i = 0; i < one.count; i++) {
    const row = new kind(buffer.slice(offset + i * stride, offset + i * stride + width * kind.BYTES_PER_ELEMENT));
    for (let j = 0; j < width; j++) values[i * width + j] = row[j] * scale;
  }
  return values;
}

function picture(document, buffer, start, source) {
  const image = document.images[source], view = document.bufferViews[image.bufferView];
  const bytes = new Uint8Array(buffer, start + (view.byteOffset || 0), view.byteLength);
  return createImageBitmap(new Blob([bytes], { type: image.mimeType }), { colorSpaceConversion: "none", premultiplyAlpha: "none" });
}

// Splats as they are trained and written: RDF axes, so Y and Z are turned; the colour's constant part; a round splat of its middle size.
export function readSplats(buffer) {
  const text = new TextDecoder("latin1").decode(new Uint8Array(buffer, 0, Math.min(buffer.byteLength, 65536)));
  const end = text.indexOf("end_header\n") + 11, header = text.slice(0, end);
  const names = [...header.matchAll(/^property float (\S+)$/gm)].map((match) => match[1]), count = Number(/^element vertex (\d+)$/m.exec(header)?.[1]);
  if (end < 11 || !header.includes("binary_little_endian") || !names.includes("f_dc_0")) throw new Error("This PLY holds no splats that can be shown here: download it.");
  const values = new DataView(buffer, end), place = Object.fromEntries(names.map((name, i) => [name, 4 * i])), stride = 4 * names.length;
  const positions = new Float32Array(3 * count), colors = new Float32Array(4 * count), sizes = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const get = (name) => values.getFloat32(i * stride + place[name], true);
    positions.set([get("x"), -get("y"), -get("z")], 3 * i);
    colors.set([0.5 + SH_C0 * get("f_dc_0"), 0.5 + SH_C0 * get("f_dc_1"), 0.5 + SH_C0 * get("f_dc_2"), 1 / (1 + Math.exp(-get("opacity")))], 4 * i);
    sizes[i] = Math.exp((get("scale_0") + get("scale_1") + get("scale_2")) / 3);
  }
  return { parts: [{ positions, colors, sizes }], words: `${count.toLocaleString("en")} splats` };
}

function flatNormals(positions, indices) {
  const normals = new Float32Array(positions.length);
  for (let i = 0; i < indices.length; i += 3) {
    const [a, b, c] = [0, 1, 2].map((k) => positions.subarray(3 * indices[i + k], 3 * indices[i + k] + 3));
    const u = [0, 1, 2].map((k) => b[k] - a[k]), v = [0, 1, 2].map((k) => c[k] - a[k]);
    const n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    for (const k of [0, 1, 2]) for (const axis of [0, 1, 2]) normals[3 * indices[i + k] + axis] += n[axis];
  }
  return normals;
}

// --- WebGL ---------------------------------------------------------------------------------------------------------

function compiled(gl, vertex, fragment) {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(`This browser's 3D does not work: ${gl.getProgramInfoLog(program)}`);
  return program;
}

function filled(gl, target, data) {
  const buffer = gl.createBuffer();
  gl.bindBuffer(target, buffer);
  gl.bufferData(target, data, gl.STATIC_DRAW);
  return buffer;
}

function attribute(gl, program, name, data, width) {
  const buffer = filled(gl, gl.ARRAY_BUFFER, data), place = gl.getAttribLocation(program, name);
  if (place >= 0) { gl.enableVertexAttribArray(place); gl.vertexAttribPointer(place, width, gl.FLOAT, false, 0, 0); }
  return buffer;
}

function texture(gl, image) {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, ...(image ? [gl.RGBA, gl.UNSIGNED_BYTE, image] : [1, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array([255, 255, 255, 255])]));
  gl.generateMipmap(gl.TEXTURE_2D);
  return made;
}

function use(gl, program, view, projection) {
  gl.useProgram(program);
  gl.uniformMatrix4fv(gl.getUniformLocation(program, "view"), false, view);
  gl.uniformMatrix4fv(gl.getUniformLocation(program, "projection"), false, projection);
}

// --- matrices, column by column ------------------------------------------------------------------------------------

function identity() {
  return [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
}

function multiplied(a, b) {
  return Array.from({ length: 16 }, (_, i) => [0, 1, 2, 3].reduce((sum, k) => sum + a[4 * k + (i % 4)] * b[4 * Math.floor(i / 4) + k], 0));
}

function nodeMatrix({ matrix, translation: [tx, ty, tz] = [0, 0, 0], rotation: [x, y, z, w] = [0, 0, 0, 1], scale: [sx, sy, sz] = [1, 1, 1] }) {
  return matrix || [
    (1 - 2 * (y * y + z * z)) * sx, 2 * (x * y + z * w) * sx, 2 * (x * z - y * w) * sx, 0,
    2 * (x * y - z * w) * sy, (1 - 2 * (x * x + z * z)) * sy, 2 * (y * z + x * w) * sy, 0,
    2 * (x * z + y * w) * sz, 2 * (y * z - x * w) * sz, (1 - 2 * (x * x + y * y)) * sz, 0,
    tx, ty, tz, 1,
  ];
}

function transformed(values, m, w) {
  const moved = new Float32Array(values.length);
  for (let i = 0; i < values.length; i += 3) {
    for (let axis = 0; axis < 3; axis++) moved[i + axis] = m[axis] * values[i] + m[4 + axis] * values[i + 1] + m[8 + axis] * values[i + 2] + w * m[12 + axis];
  }
  return moved;
}

function orbit([x, y, z], turn, tilt, away) {
  const [ct, st, cp, sp] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
  const rotation = [ct, sp * st, -cp * st, 0, 0, cp, sp, 0, st, -sp * ct, cp * ct, 0, 0, 0, -away, 1];
  return multiplied(rotation, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, -x, -y, -z, 1]);
}

function perspective(angle, aspect, near, far) {
  const f = 1 / Math.tan(angle / 2);
  return [f / aspect, 0, 0, 0, 0, f, 0, 0, 0, 0, (far + near) / (near - far), -1, 0, 0, (2 * far * near) / (near - far), 0];
}
