"""Writes small vocabularies and tokens.json: the ids that transformers 5 and
sentencepiece 0.2 make of texts. Run in this folder."""
import io, json, os, tempfile
import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers import Tokenizer, models, trainers
from transformers import CLIPTokenizer, SiglipTokenizer

CORPUS = """no acute cardiopulmonary process
small left pleural effusion with adjacent atelectasis
right lower lobe pneumonia, no pneumothorax
the heart is enlarged; cardiomegaly is present
large right-sided pneumothorax with mediastinal shift
lungs are clear without focal consolidation
bilateral pleural effusions, left greater than right
endotracheal tube terminates 3.5 cm above the carina
no evidence of pneumothorax or effusion
mild interstitial edema and vascular congestion""".splitlines() * 4
TEXTS = ["small pleural effusion", "No Pneumothorax!", "  cardiomegaly,\tis   present\n", "", "3.5 cm above the carina", "left-sided (mild) edema; it's worse",
         "é̀ naïve Café", "肺炎 pneumonia", "ﬁbrosis ½ ②", "x" * 30, "don't we'll they've", "under_score #7 a\u00a0b", "...", "effusion" * 12, "<|endoftext|> hello", "smørrebrød zzz 🫁 qq"]

sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_prefix='full', vocab_size=150, model_type='unigram', pad_id=-1, bos_id=-1, eos_id=1, unk_id=2, character_coverage=1.0, hard_vocab_limit=False, minloglevel=2)
sp = sentencepiece.SentencePieceProcessor(model_file='full.model')
siglip = SiglipTokenizer('full.model', model_max_length=16)
m = proto.ModelProto.FromString(open('full.model', 'rb').read())
m.normalizer_spec.precompiled_charsmap = b''  # 240 kB
open('spiece.model', 'wb').write(m.SerializeToString())
os.remove('full.model'); os.remove('full.vocab')

seed = CLIPTokenizer()
bpe = seed.backend_tokenizer
t = Tokenizer(models.BPE(unk_token='<|endoftext|>', end_of_word_suffix='</w>'))
t.normalizer, t.pre_tokenizer = bpe.normalizer, bpe.pre_tokenizer
from tokenizers import pre_tokenizers
t.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=700, special_tokens=[], end_of_word_suffix='</w>', initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
vocab = json.loads(t.to_str())['model']
ids = dict(vocab['vocab'])
for c in pre_tokenizers.ByteLevel.alphabet():
    ids.setdefault(c + '</w>', len(ids))
for s in ('<|startoftext|>', '<|endoftext|>'):
    ids[s] = len(ids)
json.dump(ids, open('vocab.json', 'w'), ensure_ascii=False, separators=(',', ':'))
merges = [m if isinstance(m, str) else ' '.join(m) for m in vocab['merges']]
open('merges.txt', 'w').write('#version: 0.2\n' + '\n'.join(merges) + '\n')
clip = CLIPTokenizer(vocab=ids, merges=[tuple(m.split(' ')) for m in merges])

out = []
for text in TEXTS:
    out.append(dict(text=text, siglip=siglip(text)['input_ids'], plain=sp.encode(text) + [1], clip=clip(text)['input_ids'],
                    siglip16=siglip(text, padding='max_length', truncation=True, max_length=16)['input_ids'], clip16=clip(text, padding='max_length', truncation=True, max_length=16)['input_ids']))
json.dump(out, open('tokens.json', 'w'), indent=0)
