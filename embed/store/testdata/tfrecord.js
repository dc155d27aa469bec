// Reads the TFRecord of a film with a library of others, and writes one with it:
//
//	npm install -E @roboflow/tfrecords@1.0.4 google-protobuf@3.6.1
//	node tfrecord.js OURS THEIRS
const { readFileSync, writeFileSync } = require("fs");
const { TFRecordsReader } = require("@roboflow/tfrecords/src/tensorFlowReader");
const { TFRecordsBuilder, FeatureType } = require("@roboflow/tfrecords/src/tensorFlowBuilder");

const r = new TFRecordsReader(readFileSync(process.argv[2]));
const id = r.getFeature(0, "image/id", FeatureType.String);
const embedding = r.getArrayFeature(0, "embedding", FeatureType.Float);
console.log(r.length, id, JSON.stringify(embedding));

const b = new TFRecordsBuilder();
b.addFeature("image/id", FeatureType.String, id);
b.addArrayFeature("embedding", FeatureType.Float, embedding);
writeFileSync(process.argv[3], TFRecordsBuilder.buildTFRecords([b.build()]));
