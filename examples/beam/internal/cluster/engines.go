package cluster

// opened are the packages of Java that both engines look into.
var opened = []string{
	"java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.text", "java.time", "java.util", "java.util.concurrent",
	"java.util.concurrent.atomic", "sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar",
}

var engines = map[string]engine{
	"flink": {
		master:  []string{"org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint", "--configDir", "{dir}/conf"},
		machine: []string{"org.apache.flink.runtime.taskexecutor.TaskManagerRunner", "--configDir", "{dir}/conf", "-D", "taskmanager.resource-id=machine{n}"},
		server: []string{
			"org.apache.beam.runners.flink.FlinkJobServerDriver", "--flink-master=localhost:8081", "--job-host=localhost", "--artifacts-dir={dir}/work/artifacts",
		},
		settings: flinkSettings,
		status:   "http://localhost:8081/overview", count: "taskmanagers",
	},
	"spark": {
		master: []string{"org.apache.spark.deploy.master.Master", "--host", "localhost", "--port", "7077", "--webui-port", "8080"},
		machine: []string{
			"-Dspark.worker.cleanup.enabled=true", "-Dspark.worker.cleanup.interval=20", "-Dspark.worker.cleanup.appDataTtl=20",
			"org.apache.spark.deploy.worker.Worker", "--host", "localhost", "--cores", "1", "--memory", "512m", "--work-dir", "{dir}/work/machine{n}", "spark://localhost:7077",
		},
		server: []string{
			"-Dspark.driver.host=localhost", "-Dspark.executor.memory=512m",
			"org.apache.beam.runners.spark.SparkJobServerDriver", "--spark-master-url=spark://localhost:7077", "--job-host=localhost", "--artifacts-dir={dir}/work/artifacts",
		},
		env:    []string{"SPARK_HOME={dir}", "SPARK_LOCAL_DIRS={dir}/work", "SPARK_LOCAL_IP=127.0.0.1", "SPARK_SCALA_VERSION=2.12"},
		status: "http://localhost:8080/json/", count: "aliveworkers",
	},
}

// flinkSettings give a task manager two slots, so that one can do the work of
// both, and spread the work while both are there; buffers for the exchanges of
// training; and Beam's classes out of the cluster's own jars: those that the job
// server sends along are the same.
const flinkSettings = `
jobmanager.rpc.address: localhost
jobmanager.rpc.port: 6123
jobmanager.bind-host: localhost
taskmanager.host: localhost
taskmanager.bind-host: localhost
taskmanager.numberOfTaskSlots: 2
taskmanager.cpu.cores: 2
taskmanager.memory.framework.heap.size: 128m
taskmanager.memory.framework.off-heap.size: 128m
taskmanager.memory.task.heap.size: 256m
taskmanager.memory.task.off-heap.size: 0m
taskmanager.memory.network.min: 256m
taskmanager.memory.network.max: 256m
taskmanager.network.sort-shuffle.min-buffers: 64
taskmanager.memory.managed.size: 256m
taskmanager.memory.jvm-metaspace.size: 256m
taskmanager.memory.jvm-overhead.min: 128m
taskmanager.memory.jvm-overhead.max: 128m
cluster.evenly-spread-out-slots: true
io.tmp.dirs: {dir}/work
web.tmpdir: {dir}/work
process.working-dir: {dir}/work
blob.service.cleanup.interval: 10
rest.address: localhost
rest.bind-address: localhost
heartbeat.interval: 1000
heartbeat.timeout: 10000
restart-strategy.type: fixed-delay
restart-strategy.fixed-delay.attempts: 20
restart-strategy.fixed-delay.delay: 1s
classloader.resolve-order: parent-first
`
