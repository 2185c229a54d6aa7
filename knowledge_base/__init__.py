"""The knowledge base: articles, their search index, and the search that answers from them."""

from knowledge_base.article import ARTICLES, Article, Source, check, load_articles
from knowledge_base.errors import ArticleError, IndexUnusable, KnowledgeError
from knowledge_base.search.index import build_index, index_is_current
from knowledge_base.search.reloading import KnowledgeBase
from knowledge_base.search.searcher import Hit, KnowledgeAnswer

__all__ = [
    "ARTICLES",
    "Article",
    "ArticleError",
    "Hit",
    "IndexUnusable",
    "KnowledgeAnswer",
    "KnowledgeBase",
    "KnowledgeError",
    "Source",
    "build_index",
    "check",
    "index_is_current",
    "load_articles",
]
