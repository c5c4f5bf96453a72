// Runs a converted model in TensorFlow.js: node tfjs.mjs MODEL_DIRECTORY < rows.json
// The rows are {name: {shape, values}}; the answer is printed as {shape, values}.
import fs from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";

const directory = process.argv[2];
const stored = JSON.parse(fs.readFileSync(path.join(directory, "model.json")));
const groups = stored.weightsManifest;
const files = groups.flatMap((group) => group.paths);
const bytes = Buffer.concat(files.map((name) => fs.readFileSync(path.join(directory, name))));
const artifacts = {
  modelTopology: stored.modelTopology,
  signature: stored.signature,
  weightSpecs: groups.flatMap((group) => group.weights),
  weightData: new Uint8Array(bytes).buffer,
};
const model = await tf.loadGraphModel({ load: async () => artifacts });
const rows = JSON.parse(fs.readFileSync(0));
const fed = {};
for (const [name, info] of Object.entries(stored.signature.inputs)) {
  const type = info.dtype === "DT_FLOAT" ? "float32" : "int32";
  fed[info.name] = tf.tensor(rows[name].values, rows[name].shape, type);
}
const answer = await model.executeAsync(fed);
console.log(JSON.stringify({ shape: answer.shape, values: Array.from(await answer.data()) }));
