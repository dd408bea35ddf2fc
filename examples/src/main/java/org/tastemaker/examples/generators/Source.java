package org.tastemaker.examples.generators;

import org.tastemaker.core.ImageGenerator;

/**
 * What makes images.
 *
 * @param name for tables and folders; the judge never sees it
 * @param generator to ask
 * @param together how many images it is asked for in one call; 1 where each image is paid for, so
 *     that each is kept as soon as it is there
 * @param parallel how many calls at a time
 */
public record Source(String name, ImageGenerator generator, int together, int parallel) {
  public Source {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9 ._-]*") || together < 1 || parallel < 1) {
      throw new IllegalArgumentException(
          "a source needs a name that a folder can have, and numbers of at least 1, but was '"
              + name
              + "', "
              + together
              + " and "
              + parallel);
    }
  }

  /**
   * A generator on this machine.
   *
   * @param name as above
   * @param generator asked for 16 images at a time, by one thread
   * @return the source
   */
  public static Source local(String name, ImageGenerator generator) {
    return new Source(name, generator, 16, 1);
  }

  /**
   * An image API.
   *
   * @param name as above
   * @param generator asked for one image at a time, by four threads
   * @return the source
   */
  public static Source remote(String name, ImageGenerator generator) {
    return new Source(name, generator, 1, 4);
  }
}
