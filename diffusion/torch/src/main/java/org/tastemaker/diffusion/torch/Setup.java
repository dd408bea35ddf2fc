package org.tastemaker.diffusion.torch;

import com.google.common.collect.ImmutableList;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.diffusion.engine.Device;

/** Which devices LibTorch can use on this machine. It is looked at once, when first asked. */
final class Setup {
  private static final Logger logger = LoggerFactory.getLogger(Setup.class);

  private Setup() {}

  private static final class Here {
    private static final Diagnosis DIAGNOSIS = new Diagnosis(Probe.facts(Natives.error()));
  }

  private static final class Auto {
    private static final Device DEVICE = choose();

    private static Device choose() {
      logger.info("{}", Here.DIAGNOSIS.choice());
      return devices().stream().findFirst().orElse(Device.CPU);
    }
  }

  private static final class Advice {
    private static final ImmutableList<String> GIVEN = give();

    private static ImmutableList<String> give() {
      ImmutableList<String> advice = Here.DIAGNOSIS.advice();
      advice.forEach(logger::warn);
      return advice;
    }
  }

  /** Nothing if the device can be used, otherwise what is missing and the line that mends it. */
  static Optional<String> whyNot(Device device) {
    return Here.DIAGNOSIS.whyNot(device);
  }

  /** All devices that can be used, GPUs first. */
  static ImmutableList<Device> devices() {
    return Here.DIAGNOSIS.devices();
  }

  /** The device itself; for auto the first that can be used, with the reason logged once. */
  static Device resolve(Device device) {
    return device.kind() == Device.Kind.AUTO ? Auto.DEVICE : device;
  }

  /** What works and could work better, logged once. */
  static ImmutableList<String> advise() {
    return Advice.GIVEN;
  }
}
