/* A plugin of QEMU that counts the instructions a program executes. */
#include <inttypes.h>
#include <stdio.h>

/* Of qemu-plugin.h, which Debian does not package. */
extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*f)(uint64_t id, void *block));
extern void qemu_plugin_register_vcpu_tb_exec_inline(void *block, int op, void *to, uint64_t by);
extern void qemu_plugin_register_atexit_cb(uint64_t id, void (*f)(uint64_t id, void *data), void *data);
extern size_t qemu_plugin_tb_n_insns(const void *block);

int qemu_plugin_version = 1;
static uint64_t count;

static void translated(uint64_t id, void *block) {
	qemu_plugin_register_vcpu_tb_exec_inline(block, 0 /* add */, &count, qemu_plugin_tb_n_insns(block));
}

static void finished(uint64_t id, void *data) { fprintf(stderr, "%" PRIu64 " instructions\n", count); }

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv) {
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, finished, NULL);
	return 0;
}
