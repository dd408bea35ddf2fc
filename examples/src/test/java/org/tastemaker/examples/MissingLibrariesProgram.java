package org.tastemaker.examples;

import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.emoji.BundledModel;

/** Loads a model twice, with whatever libraries there are. */
final class MissingLibrariesProgram {
  private MissingLibrariesProgram() {}

  public static void main(String[] arguments) {
    for (int times = 0; times < 2; times++) {
      try (LatentDiffusion model = BundledModel.load()) {
        System.out.println("loaded " + model.latentShape());
      } catch (IllegalStateException e) {
        System.out.println("time " + times + ": " + e.getMessage());
        System.out.println("cause " + times + ": " + e.getCause());
      }
    }
  }
}
