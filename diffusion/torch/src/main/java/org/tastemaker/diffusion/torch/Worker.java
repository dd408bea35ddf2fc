package org.tastemaker.diffusion.torch;

import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.engine.graph.Leaf;

/**
 * One device of a function, with the weights that it reads there.
 *
 * @param plan of the function
 * @param device where it runs
 * @param ops each layer's calls
 * @param frozen weights that are not trained, shared with the model's other functions
 * @param masters of trainable parameters and constants
 */
record Worker(Plan plan, Device device, LayerOps ops, Weights.Lease frozen, Masters masters)
    implements AutoCloseable {

  /**
   * What a step reads, in the form in which it reads it. What is made for it belongs to the
   * caller's scope.
   *
   * @param values tensors by number; those of frozen leaves are not looked at
   */
  Tensor[] inputs(Plan.Step step, @Nullable Tensor[] values) {
    Tensor[] inputs = new Tensor[step.inputs().size()];
    for (int i = 0; i < inputs.length; i++) {
      int number = step.inputs().get(i);
      Use use = step.uses().get(i);
      Leaf leaf = number < plan.leaves().size() ? plan.leaves().get(number) : null;
      if (leaf != null && leaf.role() == Leaf.Role.FROZEN && leaf.array() != null) {
        inputs[i] = frozen.get(leaf.array(), use);
      } else {
        Tensor value = values[number];
        if (value == null) {
          throw new IllegalStateException("no value for an input of " + step.layer().name());
        }
        inputs[i] = use.apply(value, ops.numbers());
      }
    }
    return inputs;
  }

  @Override
  public void close() {
    frozen.close();
    masters.close();
    device.close();
  }
}
