package org.tastemaker.feedback.votes;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.tastemaker.core.Seed;

/** Reads 300,000 pairs of HPDv3's shape, 60 MB on the disk. */
final class ManyRowsProgram {
  private ManyRowsProgram() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    Path file = folder.resolve("all.json");
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (int i = 0; i < 300_000; i++) {
        out.write(i == 0 ? "[" : ",\n");
        out.write(
            "{\"prompt\":\"a lighthouse in the fog, number "
                + i
                + "\",\"choice_dist\":[5,2],\"confidence\":0.98,\"path1\":\"images/"
                + i
                + "-a.jpg\",\"path2\":\"images/"
                + i
                + "-b.jpg\",\"model1\":\"flux\",\"model2\":\"infinity\",\"unknown\":[1,2,3]}");
      }
      out.write("]");
    }
    long[] votes = {0};
    ReadingReport report =
        VoteFile.json(file, HpdV3.in(folder, "train", Seed.of(1)))
            .check(ImageCheck.NONE)
            .read(row -> votes[0] += row.votes().size());
    System.out.println(report + ", " + votes[0] + " votes, " + Files.size(file) + " bytes");
  }
}
