package org.tastemaker.diffusion.checkpoint;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The autoencoder's names in CompVis' programs; the decoder's levels are numbered from inside. */
final class VaeNames {
  static final String PREFIX = "first_stage_model.";

  private static final Pattern LEVEL =
      Pattern.compile(
          "(encoder|decoder)\\.(?:down|up)_blocks\\.(\\d+)\\.(resnets|downsamplers|upsamplers)\\.(\\d+)\\.(.+)");
  private static final Pattern MIDDLE =
      Pattern.compile("(encoder|decoder)\\.mid_block\\.(resnets|attentions)\\.(\\d+)\\.(.+)");

  private final int levels;

  VaeNames(int levels) {
    this.levels = levels;
  }

  Place placeOf(String name) {
    return Place.of(PREFIX + original(name));
  }

  private String original(String name) {
    Matcher level = LEVEL.matcher(name);
    if (level.matches()) {
      String half = level.group(1);
      boolean down = half.equals("encoder");
      int number = Integer.parseInt(level.group(2));
      String start = half + (down ? ".down." + number : ".up." + (levels - 1 - number));
      return switch (level.group(3)) {
        case "downsamplers" -> start + ".downsample." + level.group(5);
        case "upsamplers" -> start + ".upsample." + level.group(5);
        default -> start + ".block." + level.group(4) + "." + resnet(level.group(5));
      };
    }
    Matcher middle = MIDDLE.matcher(name);
    if (middle.matches()) {
      String start = middle.group(1) + ".mid.";
      int number = Integer.parseInt(middle.group(3)) + 1;
      return middle.group(2).equals("resnets")
          ? start + "block_" + number + "." + resnet(middle.group(4))
          : start + "attn_" + number + "." + attention(middle.group(4));
    }
    return name.replace("conv_norm_out", "norm_out");
  }

  private static String resnet(String rest) {
    return rest.replace("conv_shortcut", "nin_shortcut");
  }

  private static String attention(String rest) {
    return rest.replace("group_norm", "norm")
        .replace("to_out.0", "proj_out")
        .replace("to_q", "q")
        .replace("to_k", "k")
        .replace("to_v", "v");
  }
}
