package org.tastemaker.examples.ideas;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.votes.GenAiBench;
import org.tastemaker.feedback.votes.HpdV2Test;
import org.tastemaker.feedback.votes.HpdV2Train;
import org.tastemaker.feedback.votes.HpdV3;
import org.tastemaker.feedback.votes.ImageRewardDb;
import org.tastemaker.feedback.votes.Mmrb2;
import org.tastemaker.feedback.votes.PickAPic;
import org.tastemaker.feedback.votes.VoteShape;

/** The public shapes of files of votes, by name. */
public final class VoteShapes {
  /** The names. */
  public static final String NAMES =
      "hpdv2-test, hpdv2-train, hpdv3, imagereward, pick-a-pic, mmrb2 or genai-bench";

  private VoteShapes() {}

  /**
   * A shape.
   *
   * @param name of {@link #NAMES}
   * @param votes the file
   * @param images the folder of its images; null for the file's own
   * @return the shape
   * @throws IllegalArgumentException if there is none of that name
   */
  public static VoteShape named(String name, Path votes, @Nullable Path images) {
    Path parent = votes.toAbsolutePath().getParent();
    Path folder = images != null ? images : parent == null ? Path.of(".") : parent;
    return switch (name) {
      case "hpdv2-test" -> HpdV2Test.in(folder);
      case "hpdv2-train" -> HpdV2Train.in(folder);
      case "hpdv3" -> HpdV3.in(folder, "", Seed.of(1));
      case "imagereward" -> ImageRewardDb.in(folder, "");
      case "pick-a-pic" -> PickAPic.in(folder, "");
      case "mmrb2" -> Mmrb2.in(folder);
      case "genai-bench" -> GenAiBench.in(folder);
      default ->
          throw new IllegalArgumentException(
              "there is no shape '" + name + "'; there are " + NAMES);
    };
  }
}
