package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.tastemaker.core.Image;

/** A file of votes, in the shape of HPD v2's test set. */
public final class LightVotes {
  private LightVotes() {}

  /**
   * Two prompts, each with a dark and a light image, of which a person prefers the light one.
   *
   * @param folder receives the images
   * @return the file of votes, in it
   * @throws IOException if it cannot be written
   */
  public static Path in(Path folder) throws IOException {
    StringBuilder rows = new StringBuilder();
    for (int p = 0; p < 2; p++) {
      for (int i = 0; i < 2; i++) {
        Files.write(
            folder.resolve(p + "-" + i + ".png"),
            Image.filled(64, 64, 0.1f + 0.6f * i, 0.2f, 0.1f * p).toPng());
      }
      rows.append(p == 0 ? "[" : ",")
          .append("{\"prompt\":\"light ")
          .append(p)
          .append("\",\"image_path\":[\"")
          .append(p + "-0.png\",\"" + p + "-1.png")
          .append("\"],\"rank\":[2,1],\"raw_annotations\":[{\"rank\":[2,1],\"user_hash\":\"a\"}]}");
    }
    return Files.writeString(folder.resolve("test.json"), rows.append("]").toString());
  }
}
