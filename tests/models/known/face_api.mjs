// Writes face_api.npz's three outputs by the code of the package that published the face networks, run by Node.js:
//   npm pack @vladmandic/face-api@1.7.15 && tar xzf vladmandic-face-api-1.7.15.tgz
//   node face_api.mjs package face.u8 crop.u8 close.u8 head.f4 encoding.f4 points.f4
// The inputs are raw bytes: (160, 160, 3), (150, 150, 3) and (112, 112, 3), uint8 RGB.
import { readFileSync, writeFileSync } from 'fs';
import { join } from 'path';
import * as util from 'util';

const [root, face, crop, close, head, encoding, points] = process.argv.slice(2);
// The bundle for browsers asks Node's `util` of an empty stand-in.
globalThis.nodeUtil = { ...util, TextEncoder, TextDecoder };
const source = readFileSync(join(root, 'dist/face-api.esm.js'), 'utf8');
const patched = Buffer.from(source.replace('this.util=AR()', 'this.util=globalThis.nodeUtil'));
const api = await import('data:text/javascript;base64,' + patched.toString('base64'));
await api.tf.setBackend('cpu');

function weights(name) {
  const path = join(root, 'model', name);
  const manifest = JSON.parse(readFileSync(path + '-weights_manifest.json'));
  return api.tf.io.decodeWeights(new Uint8Array(readFileSync(path + '.bin')).buffer, manifest[0].weights);
}

function picture(path, side) {
  return new api.NetInput([api.tf.tensor3d(new Float32Array(readFileSync(path)), [side, side, 3])]);
}

const detector = new api.TinyFaceDetector();
detector.loadFromWeightMap(weights('tiny_face_detector_model'));
writeFileSync(head, Buffer.from(detector.forwardInput(picture(face, 160), 160).dataSync().buffer));
const embedder = new api.FaceRecognitionNet();
embedder.loadFromWeightMap(weights('face_recognition_model'));
writeFileSync(encoding, Buffer.from(embedder.forwardInput(picture(crop, 150)).dataSync().buffer));
const landmarks = new api.FaceLandmark68TinyNet();
landmarks.loadFromWeightMap(weights('face_landmark_68_tiny_model'));
writeFileSync(points, Buffer.from(landmarks.forwardInput(picture(close, 112)).dataSync().buffer));
