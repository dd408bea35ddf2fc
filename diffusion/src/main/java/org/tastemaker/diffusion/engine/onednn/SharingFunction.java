package org.tastemaker.diffusion.engine.onednn;

import org.tastemaker.diffusion.engine.graph.GraphFunction;

/** A function whose packed weights those that are made beside it may share. */
interface SharingFunction extends GraphFunction {
  SharedWeights weights();
}
