/** Points by WebGL: one draw call, whatever is filtered, wherever one looks. */
import * as twgl from "../../vendor/twgl.js";

/** Colours that names can have; then those of other names, and of none. */
export const COLOURS = 13;

const VERTEX = `#version 300 es
in vec2 place;
in float colour;
uniform vec2 middle;
uniform vec2 stretch;
uniform float size;
uniform vec4 palette[${COLOURS + 1}];
flat out vec4 tint;
void main() {
  gl_Position = vec4((place - middle) * stretch, 0.0, 1.0);
  tint = palette[int(min(colour, ${COLOURS}.0))];
  gl_PointSize = tint.a < 0.5 ? max(1.0, 0.7 * size) : size;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
flat in vec4 tint;
uniform float size;
out vec4 seen;
void main() {
  float edge = (0.5 - length(gl_PointCoord - 0.5)) * size;
  float cover = tint.a * (size < 3.0 ? 1.0 : clamp(edge + 0.5, 0.0, 1.0));
  if (cover <= 0.0) discard;
  seen = vec4(tint.rgb * cover, cover);
}`;

/** Draws points into a canvas; null where the browser has no WebGL. */
export class Painter {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{places: Float32Array, colours: Uint16Array}} points
   */
  constructor(canvas, points) {
    this.canvas = canvas;
    this.points = points;
    this.gl = canvas.getContext("webgl2", { antialias: false, depth: false, powerPreference: "low-power" });
    if (this.gl) this.begin();
  }

  /** Send everything to the graphics card: at first, and after it lost it. */
  begin() {
    const { gl } = this;
    this.program = twgl.createProgramInfo(gl, [VERTEX, FRAGMENT]);
    if (!this.program) {
      this.gl = null; // what drew is gone again, or it understands no programs
      return;
    }
    const { places, colours } = shuffled(this.points);
    this.buffers = twgl.createBufferInfoFromArrays(gl, {
      place: { numComponents: 2, data: places },
      colour: { numComponents: 1, data: colours, normalize: false },
    });
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.clearColor(0, 0, 0, 0);
  }

  /**
   * @param {import("./camera.js").View} view
   * @param {import("./camera.js").Size} size of the canvas, in CSS pixels
   * @param {number} radius of a point, in CSS pixels
   * @param {Float32Array} palette red, green, blue, alpha in [0, 1] of each colour
   * @param {number} share of the points that are drawn, in [0, 1]: any share is spread evenly
   */
  draw(view, { width, height }, radius, palette, share) {
    const { gl } = this;
    if (!gl || gl.isContextLost()) return;
    const ratio = this.canvas.width / width;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.useProgram(this.program.program);
    twgl.setBuffersAndAttributes(gl, this.program, this.buffers);
    twgl.setUniforms(this.program, {
      middle: [view.x, view.y],
      stretch: [(2 * view.scale) / width, (2 * view.scale) / height],
      size: Math.max(1, 2 * radius * ratio),
      palette,
    });
    gl.drawArrays(gl.POINTS, 0, Math.ceil(share * this.points.colours.length));
  }

  /** Give the graphics card its memory back. */
  end() {
    this.gl?.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

/** The same points in an order in which the first of them are a sample of all. */
function shuffled({ places, colours }) {
  const count = colours.length;
  const step = coprime(count);
  const found = { places: new Float32Array(2 * count), colours: new Uint16Array(count) };
  for (let at = 0, row = 0; at < count; at += 1, row = (row + step) % count) {
    found.places.set([places[2 * row], places[2 * row + 1]], 2 * at);
    found.colours[at] = colours[row];
  }
  return found;
}

/** A step near the golden ratio that meets every row once. */
function coprime(count) {
  const divisor = (one, other) => (other ? divisor(other, one % other) : one);
  let step = Math.max(1, Math.round(0.618 * count));
  while (divisor(step, count) !== 1) step += 1;
  return step;
}
