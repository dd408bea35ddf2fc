package org.tastemaker.diffusion.torch;

import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Parameters that are trained on a device, as functions read them. */
interface TrainedMasters {
  /** A parameter on the training's device, trainable; not to be closed. */
  Tensor master(INDArray array);

  /** Where they are. */
  Device device();

  /** Changes with every change of the weights. */
  long version();
}
