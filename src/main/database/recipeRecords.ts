import type { DatabaseSync } from 'node:sqlite';
import { recipe as recipeSchema, type Recipe } from '../../shared/contract/processing.ts';

/** Pre- and postprocessing, one a signature of a model; gone with the model. */
export interface RecipeRecords {
  /** null where there is none, or one of a newer Slipway. */
  get(modelId: string, signature: string): Recipe | null;
  /** null forgets it. */
  put(modelId: string, signature: string, recipe: Recipe | null): void;
}

export function openRecipeRecords(db: DatabaseSync): RecipeRecords {
  const read = db.prepare('SELECT document FROM recipes WHERE model_id = ? AND signature = ?');
  const write = db.prepare(
    `INSERT INTO recipes (model_id, signature, document) VALUES (?, ?, ?)
     ON CONFLICT (model_id, signature) DO UPDATE SET document = excluded.document`,
  );
  const drop = db.prepare('DELETE FROM recipes WHERE model_id = ? AND signature = ?');
  return {
    get(modelId, signature) {
      const row = read.get(modelId, signature);
      if (row === undefined) return null;
      const parsed = recipeSchema.safeParse(JSON.parse(String(row['document'])));
      return parsed.success ? parsed.data : null;
    },
    put(modelId, signature, recipe) {
      if (recipe === null) drop.run(modelId, signature);
      else write.run(modelId, signature, JSON.stringify(recipe));
    },
  };
}
