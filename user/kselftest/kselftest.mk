# Linux's own tests, kselftest, of the Linux that tests compare with.

.PHONY: kselftests

kselftests: $(archs:%=$(BUILD)/user/%/kselftest.cpio)

$(BUILD)/kselftest/version: user/kselftest/fetch.sh $(BUILD)/debian/$(firstword $(archs))/version
	@sh user/kselftest/fetch.sh $(firstword $(archs)) $(BUILD)/debian/$(firstword $(archs)) $(@D)

$(BUILD)/user/%/kselftest/items: user/kselftest/tests user/kselftest/build.sh user/kselftest/include/sys/capability.h $(BUILD)/kselftest/version | user-tools
	@echo "  CC      $(@D)"
	@sh user/kselftest/build.sh $* $(user-cc-$*) $(BUILD)/kselftest $(@D)

$(BUILD)/user/%/kselftest.cpio: user/kselftest/init.sh $(BUILD)/user/%/kselftest/items $(BUILD)/debian/%/version $(BUILD)/mkinitramfs
	@$(BUILD)/mkinitramfs -o $@ init=$< programs=$(@D)/kselftest/programs bin/busybox=$(BUILD)/debian/$*/busybox \
		$$(cat $(@D)/kselftest/items)
